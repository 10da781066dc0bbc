import { formatBytes } from '../lib/bytes.ts'
import { type BootReport, type CheckResult, countChecks, type Report } from './report.ts'

/** The report for people, as Markdown. */
export function reportMarkdown(report: Report): string {
  const { passed, failed, skipped } = countChecks(report.boots)
  return [
    `# ${report.name}: ${report.verdict}`,
    '',
    `\`${report.image}\`, plan \`${report.plan}\``,
    '',
    `${report.engine.id} ${report.engine.version} serving ${report.model}. Checks: ${passed} passed, ${failed} failed, ${skipped} skipped.`,
    '',
    '## Size',
    '',
    ...table(
      ['layer', 'digest', 'stored'],
      report.layers.map((layer) => [
        layer.cause,
        `\`${layer.digest.slice(0, 19)}\``,
        formatBytes(layer.sizeBytes),
      ]),
    ),
    '',
    `Stored ${formatBytes(report.sizes.storedBytes)}: weights ${formatBytes(report.sizes.weightsBytes)}, runtime ${formatBytes(report.sizes.runtimeBytes)}. Root file system ${formatBytes(report.sizes.stockTreeBytes)} before slimming, ${formatBytes(report.sizes.keptTreeBytes)} after.`,
    '',
    '## Removed',
    '',
    ...table(
      ['rule', 'risk', 'files', 'bytes', 'reason'],
      report.removals.map((item) => [
        item.rule,
        item.risk,
        String(item.files),
        formatBytes(item.sizeBytes),
        item.reason,
      ]),
    ),
    ...report.boots.flatMap(bootMarkdown),
    '',
  ].join('\n')
}

function bootMarkdown(boot: BootReport): string[] {
  const ready =
    boot.readyAfterMs === null ? 'never ready' : `ready after ${(boot.readyAfterMs / 1000).toFixed(1)} s`
  const memory =
    boot.peakMemoryBytes === null ? 'peak memory unknown' : `peak memory ${formatBytes(boot.peakMemoryBytes)}`
  return [
    '',
    `## Boot as ${boot.identity.uid}:${boot.identity.gid}, ${boot.profile}, runner ${boot.runner}`,
    '',
    `${ready}, ${memory}.`,
    '',
    ...table(['check', 'result', 'expected', 'observed', 'ms'], boot.checks.map(checkRow)),
    ...boot.answers.flatMap((item) => ['', `> ${item.prompt}`, '', item.answer]),
    ...(boot.logTail === '' ? [] : ['', '```', boot.logTail, '```']),
  ]
}

function checkRow(check: CheckResult): string[] {
  return [check.title, check.status, check.expected, check.observed, String(Math.round(check.durationMs))]
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}
