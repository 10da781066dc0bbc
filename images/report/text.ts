import { formatBytes } from '../../lib/bytes.ts'
import { causeLines } from '../attribution/text.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult } from '../boot/check-result.ts'
import { gateLines } from '../gate/result.ts'
import type { Report } from './report.ts'
import { scanText } from './scan-result.ts'
import {
  bootTitle,
  countWords,
  measuredMemoryWords,
  missingWords,
  plannedWords,
  readyWords,
  speedWords,
  startWords,
  stopWords,
  verdictWords,
} from './words.ts'

/** The report for a terminal; the image digest stands in the last line. */
export function reportText(report: Report): string {
  const { sizes } = report
  const { shadowed, duplicates } = report.attribution
  const { storedBytes, weightsBytes, runtimeBytes, stockTreeBytes, keptTreeBytes } = sizes
  return [
    `${report.name}: ${report.engine.id} ${report.engine.version} serves ${report.model}`,
    ...report.layers.map((layer) => `  ${formatBytes(layer.sizeBytes).padStart(9)}  ${layer.cause}`),
    `stored ${formatBytes(storedBytes)} (weights ${formatBytes(weightsBytes)}, runtime ${formatBytes(runtimeBytes)}); files ${formatBytes(stockTreeBytes)} before slimming, ${formatBytes(keptTreeBytes)} after`,
    ...causeLines(report.attribution),
    `shadowed by later layers ${formatBytes(shadowed.sizeBytes)}, present more than once ${formatBytes(duplicates.sizeBytes)}`,
    ...report.checks.map(checkText),
    ...(report.scan === undefined ? [] : scanText(report.scan)),
    ...(report.memory === undefined ? [] : [`planned: ${plannedWords(report.memory)}`]),
    ...report.boots.flatMap(bootText),
    ...gateLines(report.gate),
    `${verdictWords(report)}: ${countWords(report)}`,
    report.image,
    '',
  ].join('\n')
}

function bootText(boot: BootReport): string[] {
  return [
    `${bootTitle(boot)}: ${readyWords(boot)}, ${speedWords(boot)}, ${measuredMemoryWords(boot)}`,
    ...(startWords(boot) === '' ? [] : [`  ${startWords(boot)}`]),
    ...(stopWords(boot) === '' ? [] : [`  ${stopWords(boot)}`]),
    ...boot.checks.map(checkText),
    ...missingWords(boot).map((line) => `  ${line}`),
    ...boot.answers.map((item) => `  asked   ${item.prompt}\n  answer  ${item.answer.trim()}`),
    ...(boot.logTail === ''
      ? []
      : ['  last lines of its log:', ...boot.logTail.split('\n').map((line) => `    ${line}`)]),
  ]
}

function checkText({ status, title, expected, observed, required }: CheckResult): string {
  const optional = !required && status === 'failed' ? ' (optional)' : ''
  const trouble = status === 'passed' ? '' : `: expected ${expected}, observed ${observed}`
  return `  ${status.padEnd(7)} ${title}${optional}${trouble}`
}
