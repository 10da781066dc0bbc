import { compare, valid } from 'semver'
import { MemoryError } from './error.ts'

/** Reads `0.10.1`, `v0.21`, `0.6.4.post1` or a llama.cpp build such as `b6325`; absent means newer than every rule here. Throws `bad-request`. */
export function readVersion(text: string | undefined): string {
  if (text === undefined || text === 'latest') return '999.0.0'
  const match = /^[vb]?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.trim())
  const version = match ? `${match[1]}.${match[2] ?? 0}.${match[3] ?? 0}` : null
  if (version && valid(version)) return version
  throw new MemoryError('bad-request', {
    attempted: `read "${text}" as an engine version`,
    found: 'it does not begin with numbers and dots',
    hint: 'write it as 0.10.1, or leave it out for the newest rules',
  })
}

export function atLeast(version: string, bound: string): boolean {
  return compare(version, bound) >= 0
}
