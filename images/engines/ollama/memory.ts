import { contextOf } from '../../memory/engine-plan.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'
import { ggmlMemory } from '../ggml-memory.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** First release that switches flash attention on by itself; general knowledge, not read from a log. */
const flashSince = '0.13.0'

/** Ollama gives every sequence a context of its own. */
export const memory = ggmlMemory({
  usesFlash: (version) => atLeast(version, flashSince),
  contextOf: 'one',
  contextLength,
  setAsideBytes: 457 * MiB,
})

/** It takes 4096 tokens, and since 0.15 more on larger cards. */
function contextLength(request: MemoryRequest, version: string): number {
  if (request.maxModelLen) return contextOf(request)
  if (!atLeast(version, '0.15.0')) return atLeast(version, '0.6.0') ? 4096 : 2048
  const gib = request.gpu.memoryBytes / GiB
  const byCard = gib < 23 ? 4096 : gib < 47 ? 32768 : 262144
  return Math.min(byCard, request.facts.maxPositions ?? byCard)
}
