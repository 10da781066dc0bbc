import type { MemoryRules } from './engine-plan.ts'
import { MemoryError } from './error.ts'
import type { MemoryRequest } from './request.ts'

const counts = [
  'tp',
  'pp',
  'dp',
  'maxModelLen',
  'maxNumSeqs',
  'maxNumBatchedTokens',
  'blockSize',
  'adapterSlots',
  'adapterRank',
  'parallel',
  'ubatch',
  'meanTokens',
  'weightsBytes',
  'weightsBytesPerGpu',
] as const

/** Throws `bad-request` for numbers no engine would take; all of them in one message. */
export function checkRequest(request: MemoryRequest, { splits }: MemoryRules): void {
  const wrong: string[] = counts
    .filter(
      (name) =>
        request[name] !== undefined && !(Number.isInteger(request[name]) && Number(request[name]) > 0),
    )
    .map((name) => `${name} ${request[name]} is not a positive whole number`)
  const share = request.gpuMemoryUtilization
  if (share !== undefined && !(share > 0 && share <= 1))
    wrong.push(`gpuMemoryUtilization ${share} is not between 0 and 1`)
  const heads = request.facts.headCount
  const tp = request.tp ?? 1
  if (splits === 'heads' && heads > 0 && heads % tp !== 0)
    wrong.push(`${heads} attention heads do not divide by tensor parallel ${tp}`)
  if (wrong.length === 0) return
  throw new MemoryError('bad-request', {
    attempted: `plan ${request.facts.architecture} on ${request.gpu.name}`,
    found: wrong.join('; '),
    hint: 'correct these options',
  })
}
