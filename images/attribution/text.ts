import { formatBytes } from '../../lib/bytes.ts'
import { type Attribution, extraBytes } from './attribution.ts'
import type { ImageFacts, PathList } from './facts.ts'
import type { ShadowedFile } from './overlay.ts'

const barWidth = 32

/** Where the bytes of an image are, for a terminal. */
export function attributionText(found: Attribution): string[] {
  return [
    `stored ${formatBytes(found.storedBytes)}, unpacked ${formatBytes(found.unpackedBytes)} in ${found.files} files`,
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
    ...factLines(found.facts),
  ]
}

/** Bars to the scale of everything that is unpacked, so that they add up to one whole bar. */
export function causeLines({ causes, shadowed, unpackedBytes }: Attribution): string[] {
  const rows = [
    ...causes,
    ...(shadowed.sizeBytes === 0 ? [] : [{ cause: 'shadowed', sizeBytes: shadowed.sizeBytes }]),
  ].filter(({ sizeBytes }) => sizeBytes > 0)
  const width = Math.max(0, ...rows.map(({ cause }) => cause.length))
  return rows.map(({ cause, sizeBytes }) => {
    const share = sizeBytes / Math.max(1, unpackedBytes)
    return `  ${cause.padEnd(width)} ${amount(sizeBytes)}  ${barOf(share)} ${(share * 100).toFixed(1).padStart(5)} %`
  })
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
    `shadowed by later layers: ${formatBytes(sizeBytes)} in ${files} files, pulled and stored for nothing`,
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
    `present more than once: ${formatBytes(sizeBytes)} in ${groups} groups of equal files`,
    ...largest.flatMap((group) => [
      `${amount(extraBytes(group))}  ${group.copies} x ${formatBytes(group.sizeBytes)}: ${group.paths.slice(0, 3).join('  ')}${group.copies > 3 ? `  and ${group.copies - 3} more` : ''}`,
    ]),
  ]
}

export function factLines({ packageCaches, ...facts }: ImageFacts): string[] {
  return [
    `  caches of package managers  ${packageCaches.files === 0 ? 'none' : `${formatBytes(packageCaches.sizeBytes)} in ${packageCaches.files} files, such as ${packageCaches.largest[0]?.path}`}`,
    `  shells                      ${pathWords(facts.shells)}`,
    `  package managers            ${pathWords(facts.packageManagers)}`,
    `  compilers                   ${pathWords(facts.compilers)}`,
    `  setuid or setgid files      ${pathWords(facts.setuid)}`,
    `  world-writable paths        ${pathWords(facts.worldWritable)}`,
  ]
}

export function pathWords({ count, paths }: PathList): string {
  if (count === 0) return 'none'
  const shown = paths.slice(0, 5)
  return `${count}: ${shown.join(' ')}${count > shown.length ? ' …' : ''}`
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
