import { formatBytes } from '../../lib/bytes.ts'
import { formatMs } from '../../lib/duration.ts'
import { attributionSection } from './attribution.ts'
import { escapeMarkup as e } from './markup.ts'
import { pageHead } from './page.ts'
import { countChecks, type Report } from './report.ts'
import { scanSection } from './scan.ts'
import { bootSection, imageSection, memorySection, removedSection, sizeSection } from './sections.ts'
import { failedWords, verdictWords } from './words.ts'

/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */
export function reportHtml(report: Report): string {
  const { name, engine, model } = report
  return `${pageHead(name, verdictWords(report))}
<p>${e(engine.id)} ${e(engine.version)} serving <strong>${e(model)}</strong></p>
<p class="faint">image <code>${report.image}</code><br>plan <code>${report.plan}</code></p>
${figures(report)}
</header>
<main>
${sizeSection(report)}
${attributionSection(report)}
${imageSection(report)}
${scanSection(report)}
${memorySection(report)}
${report.boots.map(bootSection).join('\n')}
${removedSection(report)}
</main>
<footer>Made by ingot, ${e(report.times.createdAt)}. Runtime built in ${formatMs(report.times.runtimeMs)}, weights packed in ${formatMs(report.times.weightsMs)}, verified in ${formatMs(report.times.verifyMs)}.</footer>
</body>
</html>
`
}

/** The numbers people ask for first; of several boots the last, which is the warmest. */
function figures({ boots, sizes, checks, memory }: Report): string {
  const { passed, skipped } = countChecks({ boots, checks })
  const last = boots.at(-1)
  const measured = last?.measured
  const known = (value: number | null | undefined, format: (value: number) => string) =>
    value === null || value === undefined ? '–' : format(value)
  const cards: [string, string, string][] = [
    ['stored', formatBytes(sizes.storedBytes), `${formatBytes(sizes.runtimeBytes)} without weights`],
    ['checks', `${passed} passed`, `${failedWords({ boots, checks })}, ${skipped} skipped`],
    ['ready after', known(measured?.readyMs, formatMs), 'to the first generated token'],
    ['first token', known(measured?.firstTokenMs, formatMs), 'streamed, greedy, median'],
    [
      'speed',
      known(measured?.tokensPerSecond, (value) => value.toFixed(1)),
      `tokens/s of one stream, median${memory?.bound ? `; planned: at most ${memory.bound.tokensPerSecond.toFixed(1)}` : ''}`,
    ],
    ['peak memory', known(last?.peakMemoryBytes, formatBytes), memoryCard(last?.peakMemoryFrom ?? null)],
  ]
  return `<dl class="figures">${cards
    .map(([term, value, note]) => `<div><dt>${term}</dt><dd>${e(value)}<small>${e(note)}</small></dd></div>`)
    .join('')}</dl>`
}

function memoryCard(from: 'cgroup' | 'resident' | null): string {
  if (from === null) return 'not measured'
  return from === 'cgroup' ? 'charged to its control group' : 'resident, processes added up'
}
