import type { MemoryPlan, PlannedMemory, UnknownMemory } from '../../images/memory/result.ts'
import { formatGiB } from '../../lib/bytes.ts'

const barWidth = 32

/** What a person reads: parts with bars, the limit, the cache, bounds, the verdict and the ways out. */
export function memoryText(plan: MemoryPlan, model: string): string {
  const lines = plan.outcome === 'planned' ? plannedLines(plan, model) : unknownLines(plan, model)
  return `${lines.join('\n')}\n`
}

function plannedLines(plan: PlannedMemory, model: string): string[] {
  return [
    `${model} · ${plan.engine} ${plan.engineVersion} · ${plan.gpuCount} x ${plan.gpu}, ${formatGiB(plan.gpuMemoryBytes)} each`,
    '',
    ...partLines(plan),
    '',
    ...cacheLines(plan),
    ...boundLines(plan),
    ...pagingLines(plan),
    '',
    `verdict: ${plan.verdict}`,
    ...adviceLines(plan),
    ...plan.warnings.map((warning) => `note: ${warning}`),
  ]
}

/** Bars are drawn to the scale of the limit; what goes over it is cut and marked. */
function partLines(plan: PlannedMemory): string[] {
  if (plan.kvPoolFrom === 'given')
    return [`  KV cache  ${formatGiB(plan.kvPoolBytes)}, as given; the budget is not used`]
  const parts: [string, number][] = [
    ['weights', plan.weightsBytes],
    ...Object.entries(plan.overheadBytes).map(([name, bytes]): [string, number] => [wordsOf(name), bytes]),
    ['KV cache', Math.max(0, plan.kvPoolBytes)],
    ['free', plan.kvPoolFrom === 'context' ? plan.spareBytes : 0],
  ]
  const shown = parts.filter(([, bytes]) => bytes > 0)
  const width = Math.max(...shown.map(([name]) => name.length), 5)
  const scale = Math.max(plan.limitBytes, 1)
  const share = plan.gpuMemoryUtilization === null ? '' : ` (share ${plan.gpuMemoryUtilization.toFixed(2)})`
  return [
    ...shown.map(
      ([name, bytes]) => `  ${name.padEnd(width)}  ${formatGiB(bytes).padStart(10)}  ${barOf(bytes / scale)}`,
    ),
    `  ${'limit'.padEnd(width)}  ${formatGiB(plan.limitBytes).padStart(10)}  of ${formatGiB(plan.gpuMemoryBytes)} on each GPU${share}`,
  ]
}

function wordsOf(name: string): string {
  return name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replace('cuda', 'CUDA')
}

function barOf(share: number): string {
  const cells = Math.min(barWidth, Math.max(share > 0 ? 1 : 0, Math.round(share * barWidth)))
  return `${'█'.repeat(cells)}${'░'.repeat(barWidth - cells)}${share > 1 ? ' over' : ''}`
}

function cacheLines(plan: PlannedMemory): string[] {
  const kinds = plan.kvLayers.map(({ kind, layers, bytesPerToken, stopsAtTokens, fixedBytesPerSequence }) => {
    const stop = stopsAtTokens === null ? '' : ` up to ${number(stopsAtTokens)} tokens`
    const fixed = fixedBytesPerSequence > 0 ? `${number(fixedBytesPerSequence)} B per sequence` : ''
    const perToken = bytesPerToken > 0 ? `${number(bytesPerToken)} B per token${stop}` : ''
    return `             ${layers} ${kind} layers: ${[perToken, fixed].filter(Boolean).join(', ')}`
  })
  const [low, high] = plan.bands.kvTokens
  const band = low === high ? '' : `, between ${number(low)} and ${number(high)}`
  return [
    `cache        ${number(plan.kvBytesPerToken)} B per token and GPU, type ${plan.kvCacheDtype}`,
    ...(kinds.length > 1 ? kinds : []),
    `blocks       ${number(plan.kvBlocks)} of ${plan.kvBlockTokens === 1 ? 'one token' : `${plan.kvBlockTokens} tokens`}`,
    `tokens       ${number(plan.kvTokens)} (${plan.kvTokensMeaning})${band}`,
    `concurrency  ${plan.maxConcurrency.toFixed(2)} sequences of ${number(plan.maxModelLen)} tokens, ${formatGiB(plan.kvBytesForOneSequence)} each`,
    `longest      ${number(plan.maxModelLenThatFits)} tokens for one sequence`,
  ]
}

function boundLines({ roofline }: PlannedMemory): string[] {
  if (!roofline) return []
  const { decodeTokensPerSecondPerSequence: one, decodeTokensPerSecondTotal: all, batchSize } = roofline
  return [
    `speed        at most ${one.toFixed(1)} tokens/s for one short sequence, ${all.toFixed(0)} for ${batchSize} of ${number(roofline.promptTokens)} tokens together`,
    `first token  of ${number(roofline.promptTokens)} after at least ${roofline.timeToFirstTokenSeconds.toFixed(2)} s`,
  ]
}

function pagingLines({ paging }: PlannedMemory): string[] {
  if (!paging) return []
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return [
    `paging       ${number(paging.reservedSequences)} sequences with ${number(paging.reservedTokens)} tokens reserved, about ${number(paging.pagedSequences)} paged at a mean of ${paging.meanTokens}; waste ${percent(paging.reservedWaste)} reserved, at most ${percent(paging.pagedWasteAtMost)} paged`,
  ]
}

function adviceLines(plan: PlannedMemory): string[] {
  if (plan.advice.length === 0) return []
  const title = plan.fits ? 'for more room:' : 'ways out:'
  return [
    title,
    ...plan.advice.map(
      ({ change, option, explanation }, index) =>
        `  ${index + 1}. ${change}${option ? ` (${option})` : ''}: ${explanation}`,
    ),
  ]
}

function unknownLines(plan: UnknownMemory, model: string): string[] {
  return [
    `${model} · ${plan.engine} ${plan.engineVersion} · ${plan.gpu}`,
    '',
    `verdict: ${plan.verdict}`,
    ...plan.missing.map((what) => `missing: ${what}`),
    ...plan.assumptions.map((what) => `assumed: ${what}`),
    ...(plan.partial
      ? [
          `if that holds: ${number(plan.partial.kvBytesPerToken)} B per token, ${number(plan.partial.kvTokens)} tokens`,
        ]
      : []),
    ...plan.warnings.map((warning) => `note: ${warning}`),
  ]
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}
