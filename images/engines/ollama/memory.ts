import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { contextOf } from '../../memory/engine-plan.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'
import { ggmlMemory } from '../ggml-memory.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** Ollama gives every sequence a context of its own. */
export const memory = ggmlMemory({
  usesFlash,
  graphOf: (facts, version) => ({
    keepsAllLogits: !atLeast(version, serverSince) && !hasOwnRunner(facts, version),
    placesValues: atLeast(version, serverSince),
    mixesEmbeddings: false,
    isPlain: !atLeast(version, serverSince) && hasOwnRunner(facts, version),
  }),
  padsAlways: (version) => atLeast(version, serverSince),
  contextOf: 'one',
  contextLength,
  setAsideBytes: 457 * MiB,
})

/** Releases that hand every model to llama.cpp's server. */
export const serverSince = '0.30.0'

/** Families that Ollama's own runner computes, with the release that was found to do so (`fs/ggml/ggml.go`). */
const ownRunner: ReadonlyArray<readonly [since: string, families: RegExp]> = [
  ['0.11.0', /^(gemma3|gemma3n|mistral3|llama4|mllama|qwen2_5_vl|qwen25vl|gpt_?-?oss)/],
  ['0.12.0', /^qwen3(_text)?$/],
  ['0.12.11', /^qwen3(_?moe|_?vl)/],
  ['0.13.5', /^(bert|nomic|olmo3|deepseek)/],
  ['0.15.6', /^(qwen3_?next|glm4_?moe_?lite|lfm2)/],
  ['0.17.4', /^(qwen3_?5|nemotron_h)/],
  ['0.20.0', /^gemma4/],
]

function hasOwnRunner({ modelType }: ModelFacts, version: string): boolean {
  return ownRunner.some(([since, families]) => atLeast(version, since) && families.test(modelType))
}

/** Families with flash attention unasked, by release. */
const flashFamilies: ReadonlyArray<readonly [since: string, families: RegExp]> = [
  ['0.11.0', /^gpt_?-?oss/],
  ['0.12.11', /^(gemma3(_text)?$|qwen3(_text|_?moe|_?vl.*)?$)/],
  ['0.13.5', /^(bert|mistral3|olmo3)/],
  ['0.15.6', /^(glm4_?moe_?lite|lfm2|qwen3_?next)/],
  ['0.17.4', /^(nemotron_h|qwen3_?5)/],
]

/** Since 0.13 models of llama.cpp's runner decide by themselves, which ends in flash attention on a GPU. */
function usesFlash(facts: ModelFacts, version: string): boolean {
  const { modelType } = facts
  if (modelType.startsWith('gemma2')) return false
  if (atLeast(version, serverSince)) return true
  if (flashFamilies.some(([since, families]) => atLeast(version, since) && families.test(modelType)))
    return true
  return atLeast(version, '0.13.0') && !hasOwnRunner(facts, version)
}

/** It takes 4096 tokens, and since 0.15 more on larger cards. */
function contextLength(request: MemoryRequest, version: string): number {
  if (request.maxModelLen) return contextOf(request)
  if (!atLeast(version, '0.15.0')) return atLeast(version, '0.6.0') ? 4096 : 2048
  const gib = request.gpu.memoryBytes / GiB
  const byCard = gib < 23 ? 4096 : gib < 47 ? 32768 : 262144
  return Math.min(byCard, request.facts.maxPositions ?? byCard)
}
