import { formatBytes } from '../../lib/bytes.ts'
import { formatMs } from '../../lib/duration.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult } from '../boot/check-result.ts'
import { gateLines } from '../gate/result.ts'
import { attributionMarkdown } from './attribution.ts'
import { countChecks, type Report } from './report.ts'
import { scanMarkdown } from './scan-result.ts'
import {
  bootTitle,
  failedWords,
  machineWords,
  measuredMemoryWords,
  missingWords,
  plannedAndMeasured,
  readyWords,
  speedWords,
  stopWords,
  verdictWords,
} from './words.ts'

/** The report for people, as Markdown. */
export function reportMarkdown(report: Report): string {
  const { passed, skipped } = countChecks(report)
  return [
    `# ${report.name}: ${verdictWords(report)}`,
    '',
    `\`${report.image}\`, plan \`${report.plan}\``,
    '',
    `${report.engine.id} ${report.engine.version} serving ${report.model}. Checks: ${passed} passed, ${failedWords(report)}, ${skipped} skipped.`,
    ...(report.weightsImage === undefined ? [] : ['', `Weights beside it: \`${report.weightsImage}\`.`]),
    ...sizeMarkdown(report),
    ...attributionMarkdown(report, markdownTable),
    ...imageMarkdown(report),
    ...scanMarkdown(report.scan),
    ...memoryMarkdown(report),
    ...removalsMarkdown(report),
    ...report.boots.flatMap(bootMarkdown),
    ...gateMarkdown(report),
    '',
  ].join('\n')
}

function sizeMarkdown({ layers, sizes }: Report): string[] {
  const rows = layers.map((layer) => [
    layer.cause,
    `\`${layer.digest.slice(0, 19)}\``,
    formatBytes(layer.sizeBytes),
  ])
  return [
    '',
    '## Size',
    '',
    ...markdownTable(['layer', 'digest', 'stored'], rows),
    '',
    `Stored ${formatBytes(sizes.storedBytes)}: weights ${formatBytes(sizes.weightsBytes)}, runtime ${formatBytes(sizes.runtimeBytes)}. Root file system ${formatBytes(sizes.stockTreeBytes)} before slimming, ${formatBytes(sizes.keptTreeBytes)} after.`,
  ]
}

function removalsMarkdown({ removals }: Report): string[] {
  const rows = removals.map((item) => [
    item.rule,
    item.risk,
    String(item.files),
    formatBytes(item.sizeBytes),
    item.reason,
  ])
  return ['', '## Removed', '', ...markdownTable(['rule', 'risk', 'files', 'bytes', 'reason'], rows)]
}

function imageMarkdown({ checks }: Report): string[] {
  if (checks.length === 0) return []
  return ['', '## The image itself', '', ...markdownTable(checkHead, checks.map(checkRow))]
}

function gateMarkdown({ gate }: Report): string[] {
  if (gate === undefined) return ['', '## Gate', '', ...gateLines(gate)]
  const rows = gate.parts.map(({ id, status, found, details }) => [id, status, found, details.join('<br>')])
  return ['', `## Gate: ${gate.status}`, '', ...markdownTable(['part', 'result', 'found', 'details'], rows)]
}

const checkHead = ['check', 'result', 'expected', 'observed', 'ms']

function memoryMarkdown({ memory, boots }: Report): string[] {
  if (memory === undefined) return []
  const measured = (boot: BootReport) =>
    memory.of === 'gpu' ? boot.measured.gpuMemoryBytes : boot.measured.hostMemory.residentPeakBytes
  const planned = memory.parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  return [
    '',
    '## Planned and measured',
    '',
    plannedAndMeasured(memory, boots),
    '',
    ...markdownTable(
      [`${memory.of} memory`, 'bytes'],
      [
        ...memory.parts.map((part) => [`planned: ${part.cause}`, formatBytes(part.sizeBytes)]),
        ['planned: all', formatBytes(planned)],
        ...boots.map((boot) => [`measured: ${bootTitle(boot)}`, bytesOrUnknown(measured(boot))]),
      ],
    ),
  ]
}

function startMarkdown({ start = [] }: BootReport): string[] {
  if (start.length === 0) return []
  const rows = start.map(({ step, ms, note = '' }) => [
    step,
    ms === null ? 'not measured' : formatMs(ms),
    note,
  ])
  return ['', ...markdownTable(['from an empty node to the first token', 'time', 'note'], rows)]
}

function bootMarkdown(boot: BootReport): string[] {
  const title = bootTitle(boot)
  return [
    '',
    `## ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    '',
    `${readyWords(boot)}; ${speedWords(boot)}; ${measuredMemoryWords(boot)}. On ${machineWords(boot)}.`,
    ...startMarkdown(boot),
    ...(stopWords(boot) === '' ? [] : ['', `S${stopWords(boot).slice(1)}.`]),
    ...missingWords(boot).flatMap((words) => ['', `${line(`I${words.slice(1)}`)}.`]),
    '',
    ...markdownTable(checkHead, boot.checks.map(checkRow)),
    ...boot.answers.flatMap((item) => ['', `> ${line(item.prompt)}`, '', line(item.answer)]),
    ...(boot.logTail === '' ? [] : ['', ...fenced(boot.logTail)]),
  ]
}

function checkRow(check: CheckResult): string[] {
  const { title, status, expected, observed, durationMs } = check
  return [title, status, expected, observed, String(Math.round(durationMs))]
}

/** A table whose cells are one line each, whatever is in them. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => line(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...rows.map(row)]
}

function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** A fence longer than any the log itself contains. */
function fenced(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((match) => match[0].length))
  const fence = '`'.repeat(longest + 1)
  return [fence, text, fence]
}

function bytesOrUnknown(sizeBytes: number | null): string {
  return sizeBytes === null ? 'unknown' : formatBytes(sizeBytes)
}
