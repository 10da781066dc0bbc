import { type CodeShare, total } from '../../images/gpu-code/report.ts'
import { formatBytes } from '../../lib/bytes.ts'
import type { GpuCodeListing, SlimmedFile } from './gpu-code.ts'
import type { HipListing, SlimmedHip } from './hip.ts'

/** A listing for a reader: one line an architecture, then what a target keeps. */
export function listingText(listing: GpuCodeListing & { hip?: HipListing }): string {
  return listing.hip === undefined ? nvidiaText(listing) : hipText(listing.hip)
}

function hipText({ file, sizeBytes, bundles, compressed, shares, unusable }: HipListing): string {
  const unread = compressed === 0 ? '' : `, ${compressed} compressed ones that are not read`
  const places = bundles + compressed === 0 ? 'outside of bundles' : `in ${bundles} bundles${unread}`
  return [
    `${file}  ${formatBytes(sizeBytes)}, GPU code for AMD ${formatBytes(total(shares))} ${places}`,
    ...Object.entries(shares).map(
      ([name, bytes]) => `  ${name.padEnd(13)} ${formatBytes(bytes).padStart(9)}`,
    ),
    ...(unusable === undefined ? [] : [`  cannot run    ${amounts(unusable)}`]),
    '',
  ].join('\n')
}

export function slimmedHipText({ file, sizeBeforeBytes, sizeAfterBytes, freedBytes }: SlimmedHip): string {
  if (freedBytes === 0) return `${file}  ${formatBytes(sizeBeforeBytes)}, nothing to remove\n`
  return `${file}  ${formatBytes(sizeBeforeBytes)} -> ${formatBytes(sizeAfterBytes)}, GPU code freed ${formatBytes(freedBytes)}\n`
}

function nvidiaText({ file, sizeBytes, code, target }: GpuCodeListing): string {
  if (code.containers === 0) return `${file}  ${formatBytes(sizeBytes)}, no GPU code\n`
  const sections = Object.entries(code.bySection).map(([name, bytes]) => `${name} ${formatBytes(bytes)}`)
  return [
    `${file}  ${formatBytes(sizeBytes)}, GPU code ${formatBytes(code.sizeBytes)} in ${code.containers} containers (${sections.join(', ')})`,
    ...code.shares.map(shareLine),
    ...(target === undefined
      ? []
      : [
          `  for ${target.target}`,
          `    kept          ${amounts(target.kept)}`,
          `    cannot run    ${amounts(target.cannotRun)}`,
          `    never chosen  ${amounts(target.neverChosen)}`,
          ...compiledLines(target.containersCompiled, target.compiledBytes),
          ...(target.containersWithout === 0
            ? []
            : [`    ${target.containersWithout} containers hold nothing for it`]),
        ]),
    '',
  ].join('\n')
}

function shareLine({ name, entries, sizeBytes, unpackedBytes }: CodeShare): string {
  return `  ${name.padEnd(13)} ${formatBytes(sizeBytes).padStart(9)}  ${String(entries).padStart(5)} entries, ${formatBytes(unpackedBytes)} unpacked`
}

function amounts(sums: Record<string, number>): string {
  const parts = Object.entries(sums)
    .sort(([, a], [, b]) => b - a)
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`)
  return parts.length === 0 ? '0 B' : `${formatBytes(total(sums))}: ${parts.join(', ')}`
}

function compiledLines(containers: number, bytes: number): string[] {
  if (containers === 0) return []
  return [
    `    ${containers} containers have PTX only (${formatBytes(bytes)}): the driver compiles it at first use, in the stock file too`,
  ]
}

export function slimmedText(result: SlimmedFile): string {
  const { file, changed, sizeBeforeBytes, sizeAfterBytes, freedBytes } = result
  if (!changed) return `${file}  ${formatBytes(sizeBeforeBytes)}, nothing to remove\n`
  return `${file}  ${formatBytes(sizeBeforeBytes)} -> ${formatBytes(sizeAfterBytes)}, GPU code freed ${formatBytes(freedBytes)}\n`
}
