import { posix } from 'node:path'
import picomatch from 'picomatch'
import { bySize, type VisibleEntry } from './overlay.ts'

/** What people look for in an image besides its size. Lists are cut, counts are not. */
export interface ImageFacts {
  /** What package managers left: lists, downloads, caches. */
  packageCaches: { sizeBytes: number; files: number; largest: { path: string; sizeBytes: number }[] }
  shells: PathList
  packageManagers: PathList
  compilers: PathList
  setuid: PathList
  /** Paths that every user may write to; `/tmp` and its like with their sticky bit are not among them. */
  worldWritable: PathList
}

export interface PathList {
  count: number
  paths: string[]
}

const cachePaths = [
  '/var/cache/{apt,yum,dnf,apk,pacman,debconf}/**',
  '/var/lib/apt/lists/**',
  '/var/lib/dnf/**',
  '/{root,home/*}/.cache/**',
  '/{root,home/*}/.{npm,cargo}/**',
  '/opt/conda/pkgs/**',
  '/**/uv/{cache,archive-v*,wheels-v*}/**',
]
const programs = {
  shells: ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'fish', 'busybox', 'toybox'],
  packageManagers: [
    'apt',
    'apt-get',
    'dpkg',
    'rpm',
    'yum',
    'dnf',
    'microdnf',
    'apk',
    'pip',
    'pip3',
    'uv',
    'conda',
    'npm',
  ],
  compilers: ['cc', 'gcc', 'g++', 'clang', 'nvcc', 'ptxas', 'tcc', 'rustc', 'go'],
} as const

const setuidBits = 0o6000
const stickyBit = 0o1000
const worldWritableBit = 0o002

export function imageFacts(visible: readonly VisibleEntry[], top: number): ImageFacts {
  const isCache = picomatch(cachePaths, { dot: true })
  const caches = visible.flatMap(({ path, content }) =>
    content && isCache(path) ? [{ path, sizeBytes: content.sizeBytes }] : [],
  )
  const list = (wanted: (entry: VisibleEntry) => boolean): PathList => {
    const paths = visible.filter(wanted).map(({ path }) => path)
    return { count: paths.length, paths: paths.sort().slice(0, top) }
  }
  const named = (names: readonly string[]) => list((entry) => isProgram(entry, names))
  return {
    packageCaches: {
      sizeBytes: caches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      files: caches.length,
      largest: caches.toSorted(bySize).slice(0, top),
    },
    shells: named(programs.shells),
    packageManagers: named(programs.packageManagers),
    compilers: named(programs.compilers),
    setuid: list(({ type, mode }) => type === 'file' && (mode & setuidBits) !== 0),
    worldWritable: list(
      ({ type, mode }) =>
        (type === 'file' || type === 'folder') &&
        (mode & worldWritableBit) !== 0 &&
        !(type === 'folder' && (mode & stickyBit) !== 0),
    ),
  }
}

/** `gcc-12` and `python3.11`-like versions behind a name count as the name; a link to a program is one. */
function isProgram({ path, type }: VisibleEntry, names: readonly string[]): boolean {
  if (type === 'folder') return false
  const name = posix.basename(path).replace(/-?[\d.]+$/, '')
  return (
    names.includes(name) && /^\/(usr\/|usr\/local\/|usr\/local\/cuda[^/]*\/|opt\/[^/]+\/)?s?bin\//.test(path)
  )
}
