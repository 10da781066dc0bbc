import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { Inventory, TreeEntry } from './inventory.ts'
import type { TreeRules } from './rules.ts'

/** Parts of a runtime by how often they change, rarest first. */
export const layerGroups = [
  'system',
  'libraries',
  'python',
  'cuda',
  'torch',
  'kernels',
  'packages',
  'engine',
] as const
export type LayerGroup = (typeof layerGroups)[number]

export interface TreeLayer {
  /** Unlike any other of the image, fit for a file name. */
  name: string
  cause: string
  /** Sorted paths with the folders above them, as tar takes them. */
  paths: string[]
  sizeBytes: number
}

/** Unpacked, so that no stored layer is larger: registries and pulls that break off want small ones. */
export const mostLayerBytes = 1e9

/** A package from here on has a layer of its own, so that its upgrade moves no other and pulls run side by side. */
const ownLayerBytes = 100e6

/** The layers of what stays. Every file is in one; the order and the split depend on nothing but the files. */
export function treeLayers(kept: readonly TreeEntry[], inventory: Inventory, plan: TreeRules): TreeLayer[] {
  const ours = new Set(plan.settings.map((file) => file.path))
  const groupOf = grouper(inventory, plan)
  const folders = new Set(
    inventory.entries.filter((entry) => entry.type === 'folder').map((entry) => entry.path),
  )
  const files = kept.filter((entry) => !ours.has(entry.path))
  const byGroup = Map.groupBy(files, groupOf)
  return layerGroups.flatMap((group) =>
    sharesOf(group, byGroup.get(group) ?? [], plan)
      .flatMap(splitShare)
      .map((share) => ({
        name: share.name,
        cause: share.cause,
        paths: withFolders(share.files, folders),
        sizeBytes: sum(share.files),
      })),
  )
}

/** Which distributions of the Python index belong to a group; the rest are `packages`. */
const groupsOfDistributions: readonly (readonly [LayerGroup, RegExp])[] = [
  [
    'kernels',
    /^(triton|flashinfer|sgl-kernel|sglang-kernel|tilelang|xformers|deep-gemm|flash-attn|nvidia-cutlass)/,
  ],
  ['cuda', /^(nvidia-|cuda-)/],
  ['torch', /^(torch|torchvision|torchaudio)$/],
]

function grouper(inventory: Inventory, plan: TreeRules): (entry: TreeEntry) => LayerGroup {
  const isEngine = picomatch([...plan.enginePaths], { dot: true })
  const isStandardLibrary = picomatch(['/usr/lib/python3*/**', '/usr/lib/python3*', '/usr/bin/python3*'])
  const isPackage = picomatch(['/**/{site,dist}-packages/**', ...environmentOf(plan)], { dot: true })
  const base = new Set(inventory.basePackages)
  return ({ path, package: owner }) => {
    if (isEngine(path)) return 'engine'
    const distribution = owner?.startsWith('pypi/') ? owner.slice('pypi/'.length).toLowerCase() : undefined
    if (distribution !== undefined)
      return groupsOfDistributions.find(([, names]) => names.test(distribution))?.[0] ?? 'packages'
    if (isPackage(path)) return 'packages'
    if (isStandardLibrary(path) || owner?.startsWith('libpython3') || owner?.startsWith('python3'))
      return 'python'
    return owner === undefined || base.has(owner) ? 'system' : 'libraries'
  }
}

function environmentOf({ runtime: { source } }: TreeRules): string[] {
  return source?.folder === undefined ? [] : [`${source.folder}/**`]
}

interface Share {
  name: string
  cause: string
  files: TreeEntry[]
}

/** One share for what is small, and one for each large package, smallest first: small packages change more often. */
function sharesOf(group: LayerGroup, files: readonly TreeEntry[], plan: TreeRules): Share[] {
  if (files.length === 0) return []
  const owned = [...Map.groupBy(files, (entry) => entry.package ?? '')]
  const large =
    group === 'engine' ? [] : owned.filter(([owner, of]) => owner !== '' && sum(of) >= ownLayerBytes)
  const largeOwners = new Set(large.map(([owner]) => owner))
  const rest = files.filter((entry) => !largeOwners.has(entry.package ?? ''))
  return [
    ...large
      .map(([owner, of]): Share => {
        const name = owner.replace(/^pypi\//, '')
        return { name: `${group}-${name}`, cause: `${causes[group](plan)}: ${name}`, files: of }
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(rest.length === 0 ? [] : [{ name: group, cause: causes[group](plan), files: rest }]),
  ]
}

/** Pieces in the order of paths, each as large as allowed; a file above that stands alone. */
function splitShare(share: Share): Share[] {
  const pieces: TreeEntry[][] = [[]]
  let sizeBytes = 0
  for (const entry of share.files) {
    if (sizeBytes > 0 && sizeBytes + entry.sizeBytes > mostLayerBytes) {
      pieces.push([])
      sizeBytes = 0
    }
    pieces.at(-1)?.push(entry)
    sizeBytes += entry.sizeBytes
  }
  if (pieces.length === 1) return [share]
  return pieces.map((files, index) => ({
    name: `${share.name}-${index + 1}`,
    cause: `${share.cause} (${index + 1} of ${pieces.length})`,
    files,
  }))
}

const causes: Record<LayerGroup, (plan: TreeRules) => string> = {
  system: (plan) => `base system from ${plan.runtime.locked.base.reference}`,
  libraries: () => 'libraries added to the base',
  python: () => 'Python',
  cuda: () => 'CUDA libraries',
  torch: () => 'torch',
  kernels: () => 'kernels and their compilers',
  packages: () => 'Python packages',
  engine: (plan) => `${plan.engine.id} ${plan.engine.version}`,
}

function withFolders(files: readonly TreeEntry[], folders: ReadonlySet<string>): string[] {
  const paths = new Set<string>()
  for (const { path } of files) {
    paths.add(path)
    for (let folder = posix.dirname(path); folder !== '/'; folder = posix.dirname(folder))
      if (folders.has(folder)) paths.add(folder)
  }
  return [...paths].sort()
}

function sum(entries: readonly TreeEntry[]): number {
  return entries.reduce((total, entry) => total + entry.sizeBytes, 0)
}
