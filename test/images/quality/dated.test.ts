import { expect, test } from 'vitest'
import { deploymentOf } from '../../../images/engines/deployment.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { dateDoubt } from '../../../images/quality/dated.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const llama =
  '{%- if not date_string is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- endif %}'
const clock = 'Today is {{ strftime_now("%Y-%m-%d") }}.'

function doubtOf(id: EngineId, chatTemplate: string): string | null {
  const deployment = deploymentOf(recipeFor(id), lockFor(recipeFor(id)), engineOf(id))
  return dateDoubt({ ...deployment, gguf: null, folder: { chatTemplate } })
}

test.each([
  ['llama-cpp', 'no date', null],
  ['vllm', llama, null],
  ['sglang', llama, null],
  ['tgi', llama, 'hands it no other one'],
  ['vllm', clock, 'no word of a request replaces it'],
] as const)('%s, %j: %j', (id, template, words) => {
  const doubt = doubtOf(id, template)
  if (words === null) expect(doubt).toBeNull()
  else expect(doubt).toContain(words)
})
