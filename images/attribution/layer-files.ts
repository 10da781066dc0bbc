/** One member of a layer's tar, whiteouts included. `path` is absolute and clean. */
export interface LayerEntry {
  path: string
  type: 'file' | 'hardlink' | 'link' | 'folder' | 'other'
  /** Bytes of a file once it is unpacked, holes of sparse files filled; 0 for everything else. */
  sizeBytes: number
  mode: number
  /** Where a link points, as it is written; the absolute path of the other name for a hard link. */
  target?: string
  /** Of the content; absent for small files and where nobody read it. */
  sha256?: string
  /** Bytes of GPU code by architecture (`sm_90`, `compute_90`); absent where it was not looked for or there is none. */
  gpuCode?: Record<string, number>
}

/** A layer as it is stored, with what it unpacks to. */
export interface LayerFiles {
  digest: string
  /** Bytes of the compressed blob. */
  storedBytes: number
  /** What made it, from the image's history; empty when that does not say. */
  title: string
  /** In the order of the tar. */
  entries: readonly LayerEntry[]
}

/** Smaller files cannot be worth a look for copies. */
export const smallestHashedBytes = 4096

/** A path of a tar as an absolute one: `./usr/bin/` is `/usr/bin`. `..` cannot leave the root. */
export function absolutePath(text: string): string {
  const parts: string[] = []
  for (const part of text.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
