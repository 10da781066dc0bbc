import { formatBytes } from '../../lib/bytes.ts'
import { type Attribution, extraBytes, visibleRows } from '../attribution/attribution.ts'
import { counted, factRows, shadowWords } from '../attribution/text.ts'
import { escapeMarkup as e } from './markup.ts'
import { figure, folded, section, table } from './page.ts'
import { type Bar, bytesPlot } from './plots.ts'
import type { Report } from './report.ts'

/** A table in any of the forms of the report: cells are plain text, columns with # hold numbers. */
interface ListingTable {
  caption: string
  head: string[]
  rows: string[][]
}

/** Every unpacked byte by its cause as a plot, then what is hidden, what is there twice, what is large. */
export function attributionSection({ attribution }: Report): string {
  const words = totalsWords(attribution)
  const bars: Bar[] = visibleRows(attribution.causes, attribution.visibleBytes).map(
    ({ cause, sizeBytes }, index) => ({
      label: cause,
      parts: [{ name: cause, value: sizeBytes, colour: index % 8 }],
    }),
  )
  const plot = { id: 'causes', title: 'Unpacked bytes by cause', description: words, bars, limit: null }
  const markup = ({ caption, head, rows }: ListingTable) =>
    rows.length === 0
      ? ''
      : folded(
          caption,
          table(
            caption,
            head,
            rows.map((row) => row.map(e)),
          ),
        )
  return section(
    'What the bytes are for',
    figure(bytesPlot(plot), words) + listings(attribution).map(markup).join(''),
  )
}

export function attributionMarkdown(
  { attribution }: Report,
  table: (head: string[], rows: string[][]) => string[],
): string[] {
  return [
    '',
    '## What the bytes are for',
    '',
    totalsWords(attribution),
    ...listings(attribution).flatMap(({ caption, head, rows }) =>
      rows.length === 0
        ? []
        : [
            '',
            `### ${caption}`,
            '',
            ...table(
              head.map((name) => name.replace('#', '')),
              rows,
            ),
          ],
    ),
  ]
}

export function totalsWords(attribution: Attribution): string {
  const { storedBytes, unpackedBytes, files, shadowed, duplicates } = attribution
  return [
    `Stored ${formatBytes(storedBytes)}, unpacked ${formatBytes(unpackedBytes)} in ${counted(files, 'file')}`,
    `shadowed by later layers ${formatBytes(shadowed.sizeBytes)}`,
    `present more than once ${formatBytes(duplicates.sizeBytes)}.`,
  ].join('; ')
}

function listings({ causes, shadowed, duplicates, largest, layers, facts }: Attribution): ListingTable[] {
  return [
    {
      caption: 'All causes',
      head: ['cause', '#files', '#unpacked'],
      rows: causes.map(({ cause, sizeBytes, files }) => [cause, String(files), formatBytes(sizeBytes)]),
    },
    {
      caption: 'Shadowed by later layers',
      head: ['file', 'where', '#bytes'],
      rows: shadowed.largest.map((file) => [
        file.path,
        shadowWords(file, layers.length),
        formatBytes(file.sizeBytes),
      ]),
    },
    {
      caption: 'Present more than once',
      head: ['files', '#copies', '#bytes of one', '#bytes too many'],
      rows: duplicates.largest.map((group) => [
        `${group.paths.slice(0, 3).join(' ')}${group.copies > 3 ? ' …' : ''}`,
        String(group.copies),
        formatBytes(group.sizeBytes),
        formatBytes(extraBytes(group)),
      ]),
    },
    {
      caption: `${largest.length} largest files`,
      head: ['file', 'cause', '#bytes'],
      rows: largest.map(({ path, cause, sizeBytes }) => [path, cause, formatBytes(sizeBytes)]),
    },
    { caption: 'What else is in it', head: ['what', 'found'], rows: factRows(facts) },
  ]
}
