import { join } from 'node:path'

/** Folder of everything ingot keeps between runs. */
export function stateFolder(): string {
  return join(process.cwd(), '.ingot')
}

export function storeFolder(environment: NodeJS.ProcessEnv): string {
  return environment['INGOT_STORE'] ?? join(stateFolder(), 'store')
}
