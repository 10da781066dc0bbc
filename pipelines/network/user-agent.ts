import { ownPackage } from '../files/own-package.ts'

/** What every server is told of who asks, as `ingot/1.2.3`. */
export async function userAgent(): Promise<string> {
  const found = await ownPackage()
  return `ingot/${found?.version ?? 'unknown'}`
}
