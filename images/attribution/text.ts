import { formatBytes } from '../../lib/bytes.ts'
import { type Attribution, extraBytes, visibleRows } from './attribution.ts'
import type { EstimatedCause } from './estimate.ts'
import type { ImageFacts, PathList } from './facts.ts'
import type { ShadowedFile } from './overlay.ts'

const barWidth = 32

/** Where the bytes of an image are, for a terminal. */
export function attributionText(found: Attribution): string[] {
  return [
    `stored ${formatBytes(found.storedBytes)}, unpacked ${formatBytes(found.unpackedBytes)} in ${counted(found.files, 'file')}`,
    '',
    'by cause',
    ...causeLines(found),
    '',
    'by layer      stored   unpacked',
    ...layerLines(found),
    '',
    ...shadowedLines(found),
    ...duplicateLines(found),
    '',
    `${found.largest.length} largest files`,
    ...found.largest.map(({ path, sizeBytes, cause }) => `${amount(sizeBytes)}  ${path}  (${cause})`),
    '',
    'facts',
    ...factRows(found.facts).map(([what, where]) => `  ${what.padEnd(27)} ${where}`),
  ]
}

/** Bars to the scale of everything that is unpacked, so that they add up to one whole bar. */
export function causeLines({ causes, shadowed, unpackedBytes }: Attribution): string[] {
  const rows = [
    ...causes,
    ...(shadowed.sizeBytes === 0 ? [] : [{ cause: 'shadowed', sizeBytes: shadowed.sizeBytes }]),
  ].filter(({ sizeBytes }) => sizeBytes > 0)
  return shareLines(visibleRows(rows, unpackedBytes), unpackedBytes)
}

/** A line with a bar for each cause, to the scale of all of them. */
function shareLines(
  rows: readonly { cause: string; sizeBytes: number; note?: string }[],
  allBytes: number,
): string[] {
  const width = Math.max(0, ...rows.map(({ cause }) => cause.length))
  return rows.map(({ cause, sizeBytes, note = '' }) => {
    const share = sizeBytes / Math.max(1, allBytes)
    const percent = `${(share * 100).toFixed(1).padStart(5)} %`
    return `  ${cause.padEnd(width)} ${amount(sizeBytes)}  ${barOf(share)} ${percent}${note}`
  })
}

/** What a plan will bring, by cause, with the largest parts of each. */
export function estimateLines(estimated: readonly EstimatedCause[]): string[] {
  const all = estimated.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const rows = estimated.map(({ cause, sizeBytes, parts }) => ({
    cause,
    sizeBytes,
    note: `  ${partWords(parts)}`,
  }))
  return shareLines(rows, all)
}

function partWords(parts: EstimatedCause['parts']): string {
  const names = parts.slice(0, 3).map(({ name, sizeBytes }) => `${name} ${formatBytes(sizeBytes)}`)
  return `${names.join(', ')}${parts.length > names.length ? ` and ${parts.length - names.length} more` : ''}`
}

function layerLines({ layers }: Attribution): string[] {
  return layers.map(({ digest, title, storedBytes, unpackedBytes, shadowedBytes }) => {
    const hidden = shadowedBytes === 0 ? '' : `  (${formatBytes(shadowedBytes)} of it shadowed)`
    const name = title === '' ? digest.slice(0, 19) : shortened(title, 70)
    return `${amount(storedBytes).padStart(20)} ${amount(unpackedBytes)}  ${name}${hidden}`
  })
}

function shadowedLines({ shadowed, layers }: Attribution): string[] {
  const { sizeBytes, files, largest } = shadowed
  if (files === 0) return ['shadowed by later layers: 0 B']
  return [
    `shadowed by later layers: ${formatBytes(sizeBytes)} in ${counted(files, 'file')}, pulled and stored for nothing`,
    ...largest.map(
      (file) => `${amount(file.sizeBytes)}  ${file.path}  (${shadowWords(file, layers.length)})`,
    ),
  ]
}

/** `layer 2 of 5, removed by layer 4`; people count from 1. */
export function shadowWords({ layer, byLayer, how }: ShadowedFile, layers: number): string {
  const where = `layer ${layer + 1} of ${layers}`
  return layer === byLayer ? `${where}, twice in its own tar` : `${where}, ${how} by layer ${byLayer + 1}`
}

function duplicateLines({ duplicates }: Attribution): string[] {
  const { sizeBytes, groups, largest } = duplicates
  if (groups === 0) return ['present more than once: 0 B']
  return [
    `present more than once: ${formatBytes(sizeBytes)} in ${counted(groups, 'group')} of equal files`,
    ...largest.flatMap((group) => [
      `${amount(extraBytes(group))}  ${group.copies} x ${formatBytes(group.sizeBytes)}: ${group.paths.slice(0, 3).join('  ')}${group.copies > 3 ? `  and ${group.copies - 3} more` : ''}`,
    ]),
  ]
}

/** What was found, in pairs of a thing and its places. */
export function factRows({ packageCaches, ...facts }: ImageFacts): [string, string][] {
  const { files, sizeBytes, largest } = packageCaches
  const caches =
    files === 0
      ? 'none'
      : `${formatBytes(sizeBytes)} in ${counted(files, 'file')}, such as ${largest[0]?.path}`
  return [
    ['caches of package managers', caches],
    ['shells', pathWords(facts.shells)],
    ['package managers', pathWords(facts.packageManagers)],
    ['compilers', pathWords(facts.compilers)],
    ['setuid or setgid files', pathWords(facts.setuid)],
    ['world-writable paths', pathWords(facts.worldWritable)],
  ]
}

function pathWords({ count, paths }: PathList): string {
  if (count === 0) return 'none'
  const shown = paths.slice(0, 5)
  return `${count}: ${shown.join(' ')}${count > shown.length ? ' …' : ''}`
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function amount(sizeBytes: number): string {
  return formatBytes(sizeBytes).padStart(10)
}

function barOf(share: number): string {
  const cells = Math.min(barWidth, Math.max(share > 0 ? 1 : 0, Math.round(share * barWidth)))
  return `${'█'.repeat(cells)}${'░'.repeat(barWidth - cells)}`
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
