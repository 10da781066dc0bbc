import type { Random } from '../images/memory/random.ts'

/** Damages bytes: a flip, a cut, zeros, or a number at the start that says something absurd. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const change = random.below(6)
  // Headers are at the start, and most of what can go wrong is in them.
  const at = random.below(Math.min(copy.length, random.pick([8, 24, 200, copy.length])) || 1)
  if (change === 0) return copy.subarray(0, at)
  if (copy.length < 9) return Buffer.concat([copy, Buffer.from('more')])
  if (change === 1) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  else if (change === 2) copy.writeBigUInt64LE(BigInt(random.pick(absurd)), Math.min(at, copy.length - 8))
  else if (change === 3) copy.fill(0, at, Math.min(copy.length, at + 16))
  else if (change === 4) copy.fill(0xff, at, Math.min(copy.length, at + 8))
  else return Buffer.concat([copy.subarray(0, at), Buffer.from('{"a":[}'), copy.subarray(at)])
  return copy
}

const absurd = ['0', '1', '7', '4294967296', '9007199254740993', '18446744073709551615', '104857600']
