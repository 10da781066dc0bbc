import { formatBytes } from '../../lib/bytes.ts'
import type { LayerShare } from './attribution.ts'
import { counted } from './text.ts'

/** What a node that has one image still needs for another one. */
export interface PullFigures {
  /** The image that it has. */
  from: string
  /** Layers that are pulled, in bytes as they are stored, and those that the node has. */
  pulled: { layers: number; sizeBytes: number }
  had: { layers: number; sizeBytes: number }
  /**
   * Layers that are unpacked, in bytes of their files. A node keeps an unpacked layer under the chain of all below it (the
   * image specification's ChainID), so what lies above the first difference is unpacked again, pulled or not.
   */
  unpacked: { layers: number; sizeBytes: number }
}

/** By the digests of layers, as pullers compare; config and manifest, a few kilobytes, are not counted. */
export function pullFrom(
  from: string,
  has: readonly string[],
  layers: readonly Pick<LayerShare, 'digest' | 'storedBytes' | 'unpackedBytes'>[],
): PullFigures {
  const known = new Set(has)
  const distinct = [...new Map(layers.map((layer) => [layer.digest, layer])).values()]
  const stored = (list: typeof distinct) => ({
    layers: list.length,
    sizeBytes: list.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
  })
  const differs = layers.findIndex(({ digest }, index) => digest !== has[index])
  const above = differs === -1 ? [] : layers.slice(differs)
  return {
    from,
    pulled: stored(distinct.filter(({ digest }) => !known.has(digest))),
    had: stored(distinct.filter(({ digest }) => known.has(digest))),
    unpacked: {
      layers: above.length,
      sizeBytes: above.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0),
    },
  }
}

export function pullText({ from, pulled, had, unpacked }: PullFigures): string[] {
  return [
    `on a node that has ${from}`,
    `  pulled    ${formatBytes(pulled.sizeBytes)} in ${counted(pulled.layers, 'layer')}`,
    `  had       ${formatBytes(had.sizeBytes)} in ${counted(had.layers, 'layer')}`,
    `  unpacked  ${formatBytes(unpacked.sizeBytes)} in ${counted(unpacked.layers, 'layer')}`,
  ]
}
