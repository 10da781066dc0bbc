import { formatBytes } from '../../lib/bytes.ts'
import { formatMs } from '../../lib/duration.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult } from '../boot/check-result.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import { escapeMarkup as e } from './markup.ts'
import { figure, section, swatch, table } from './page.ts'
import { type Bar, bytesPlot, timePlot } from './plots.ts'
import type { Report } from './report.ts'
import { bootTitle, machineWords, missingWords, plannedAndMeasured, readyWords, startWords } from './words.ts'

/** Bytes by cause: the stored layers in one bar, and the tree before and after slimming. */
export function sizeSection({ layers, sizes }: Report): string {
  const parts = layers.map(({ cause, sizeBytes }, index) => ({
    name: cause,
    value: sizeBytes,
    colour: index % 8,
  }))
  const kept = { name: 'kept', value: sizes.keptTreeBytes, colour: 3 }
  const removed = { name: 'removed', value: sizes.stockTreeBytes - sizes.keptTreeBytes, colour: 6 }
  const bars: Bar[] = [
    { label: 'stored image, by layer', parts },
    { label: 'runtime files before slimming', parts: [kept, removed] },
    { label: 'runtime files after slimming', parts: [kept] },
  ]
  const description = `${formatBytes(sizes.storedBytes)} are stored, ${formatBytes(sizes.weightsBytes)} of them weights. Slimming keeps ${formatBytes(sizes.keptTreeBytes)} of ${formatBytes(sizes.stockTreeBytes)}.`
  return section(
    'Where the bytes are',
    figure(bytesPlot({ id: 'bytes', title: 'Bytes by cause', description, bars, limit: null }), description) +
      table(
        'Layers, in the order they are unpacked',
        ['cause', 'part', 'digest', '#stored'],
        layers.map(({ cause, part, digest, sizeBytes }, index) => [
          swatch(index % 8) + e(cause),
          part,
          `<code>${digest.slice(0, 19)}</code>`,
          formatBytes(sizeBytes),
        ]),
      ),
  )
}

/** Memory as planned beside what every boot measured. */
export function memorySection({ memory, boots }: Report): string {
  const bars = [...(memory ? [plannedBar(memory)] : []), ...boots.flatMap(measuredBars)]
  if (bars.length === 0) return ''
  const limit = memory && memory.limitBytes !== null ? { label: 'limit', value: memory.limitBytes } : null
  const description = bars.map(({ label, parts }) => `${label}: ${formatBytes(sumOf(parts))}`).join('; ')
  const parts = memory?.parts.map(({ cause, sizeBytes }, index) => [
    swatch(index % 8) + e(cause),
    formatBytes(sizeBytes),
  ])
  return section(
    'Memory, planned and measured',
    figure(
      bytesPlot({ id: 'memory', title: 'Memory, planned and measured', description, bars, limit }),
      'Resident sizes count mapped files such as weights; a control group counts them only if this boot was the first to read them.',
    ) +
      (memory ? `<p>${e(plannedAndMeasured(memory, boots))}</p>` : '') +
      (parts ? table(`Planned memory of the ${memory?.of}`, ['part', '#bytes'], parts) : ''),
  )
}

function plannedBar({ of, parts }: PredictedMemory): Bar {
  return {
    label: `planned, ${of}`,
    parts: parts.map(({ cause, sizeBytes }, index) => ({ name: cause, value: sizeBytes, colour: index % 8 })),
  }
}

function measuredBars(boot: BootReport): Bar[] {
  const { hostMemory, gpuMemoryBytes } = boot.measured
  const who = `${boot.identity.uid}:${boot.identity.gid} ${boot.profile}`
  const bar = (name: string, value: number | null): Bar[] =>
    value === null ? [] : [{ label: `${name}, ${who}`, parts: [{ name, value, colour: 6 }] }]
  return [
    ...bar('GPU', gpuMemoryBytes),
    ...bar('resident', hostMemory.residentPeakBytes),
    ...bar('control group', hostMemory.cgroupPeakBytes),
  ]
}

/** One boot: its time line, its checks, its answers, and its log when something failed. */
export function bootSection(boot: BootReport, index: number): string {
  const failed = new Set(boot.checks.filter((check) => check.status === 'failed').map(({ title }) => title))
  const rows = boot.spans.map(({ what, beganMs, endedMs }) => ({
    label: what,
    beganMs,
    endedMs,
    bad: failed.has(what),
  }))
  const title = bootTitle(boot)
  const description = `${readyWords(boot)}; every question in the order it was asked.`
  const runs = boot.measured.runs.map((run) => [
    e(run.prompt),
    `${run.tokens} (${run.tokensFrom})`,
    formatMs(run.firstTokenMs),
    run.tokensPerSecond.toFixed(1),
  ])
  return section(
    `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    `<p class="faint">${e(machineWords(boot))}</p>` +
      figure(
        timePlot({ id: `time-${index}`, title: `Time line: ${title}`, description, rows }),
        description,
      ) +
      startFigure(boot, index) +
      table('Checks', checkHead, boot.checks.map(checkRow)) +
      missingWords(boot)
        .map((words) => `<p>${e(words)}</p>`)
        .join('') +
      table('Timed greedy answers', ['prompt', '#tokens', '#first token', '#tokens/s'], runs) +
      boot.answers
        .map(({ prompt, answer }) => `<h3>${e(prompt)}</h3><blockquote>${e(answer.trim())}</blockquote>`)
        .join('') +
      (boot.logTail === '' ? '' : `<h3>Last lines of its log</h3><pre>${e(boot.logTail)}</pre>`),
  )
}

/** The start as one bar, and what was not measured of it. */
function startFigure(boot: BootReport, index: number): string {
  const { start = [] } = boot
  const known = start.flatMap(({ step, ms }, colour) =>
    ms === null || ms === 0 ? [] : [{ name: step, value: ms, colour }],
  )
  if (known.length === 0) return ''
  const description = startWords(boot)
  const bars = [{ label: 'from an empty node', parts: known }]
  const plot = { id: `start-${index}`, title: `Start: ${bootTitle(boot)}`, description, bars, limit: null }
  return (
    figure(bytesPlot({ ...plot, format: formatMs }), description) +
    table(
      'From an empty node to the first token',
      ['step', '#time', 'note'],
      start.map(({ step, ms, note = '' }, colour) => [
        swatch(colour) + e(step),
        ms === null ? 'not measured' : formatMs(ms),
        e(note),
      ]),
    )
  )
}

/** Checks of the image itself; those of a boot stand with the boot. */
export function imageSection({ checks }: Report): string {
  if (checks.length === 0) return ''
  const rows = checks.map(checkRow)
  return section('The image itself', table('Checks that need no boot', checkHead, rows))
}

const checkHead = ['check', 'result', 'expected', 'observed', '#time']

function checkRow({ title, status, expected, observed, durationMs, evidence }: CheckResult): string[] {
  const shown =
    evidence === '' ? '' : `<details><summary>evidence</summary><pre>${e(evidence)}</pre></details>`
  return [
    e(title),
    `<span class="mark ${status}">${status}</span>`,
    e(expected),
    e(observed) + (status === 'passed' ? '' : shown),
    durationMs === 0 ? '' : formatMs(durationMs),
  ]
}

export function removedSection({ removals }: Report): string {
  const rows = removals
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .map((removal) => [
      e(removal.rule),
      e(removal.reason) + largestFiles(removal),
      removal.risk,
      String(removal.files),
      formatBytes(removal.sizeBytes),
    ])
  const head = ['rule', 'reason', 'risk', '#files', '#bytes']
  return section('What was removed', table('By rule, largest first', head, rows))
}

function largestFiles({ largest }: Report['removals'][number]): string {
  if (largest.length === 0) return ''
  const items = largest.map(({ path, sizeBytes }) => `${formatBytes(sizeBytes)}  ${path}`)
  return `<details><summary>largest files</summary><pre>${e(items.join('\n'))}</pre></details>`
}

function sumOf(parts: Bar['parts']): number {
  return parts.reduce((sum, part) => sum + part.value, 0)
}
