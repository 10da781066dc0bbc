import { digestOf, hexOf } from '../../../lib/digest.ts'
import type { FactoryLock } from '../../../recipes/lock.ts'

/** Helpers as a lock pins them, with one package each; a changed version has another hash, as it would in an archive. */
export function factoryFor(versions: Partial<Record<keyof FactoryLock, string>> = {}): FactoryLock {
  const pinned = (helper: keyof FactoryLock, name: string) => {
    const version = versions[helper] ?? '1'
    const sha256 = hexOf(digestOf(`${name} ${version}`))
    return [{ name, version, architecture: 'amd64', sizeBytes: 9, sha256 }]
  }
  return {
    base: { reference: 'debian:bookworm-slim', digest: digestOf(`base ${versions.base ?? '1'}`) },
    packer: pinned('packer', 'zstd'),
    harness: pinned('harness', 'runc'),
    comparer: pinned('comparer', 'xxhash'),
    installer: pinned('installer', 'python3-pip'),
  }
}
