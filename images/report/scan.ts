import { escapeMarkup as e } from './markup.ts'
import { section, table } from './page.ts'
import type { Report } from './report.ts'
import { scanText } from './scan-result.ts'

/** What the scan of the finished image saw, for the page; nothing where none was made. */
export function scanSection({ scan }: Report): string {
  if (scan === undefined) return ''
  const rows = [
    ['setuid, setgid, capabilities', scan.setuid, ''],
    ['every user may write', scan.worldWritable, ''],
    ['shells', scan.shells, scan.shellReasons.join('; ')],
    ['excused, by the recipe or as published in a package of the engine', scan.excused, ''],
  ] as const
  const [words = ''] = scanText(scan)
  return section(
    'Scan of the finished image',
    `<p>${e(words)}</p>` +
      table(
        'What was seen',
        ['what', 'where', 'why'],
        rows.map(([what, paths, why]) => [e(what), e(paths.join(', ') || 'none'), e(why)]),
      ),
  )
}
