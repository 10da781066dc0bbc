import { join } from 'node:path'

/** Folder of everything ingot keeps between runs. */
export function stateFolder(): string {
  return join(process.cwd(), '.ingot')
}
