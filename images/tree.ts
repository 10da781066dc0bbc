import { posix } from 'node:path'
import picomatch from 'picomatch'
import { closureOf, type MissingLibrary } from './closure.ts'
import type { Inventory, TreeEntry } from './inventory.ts'
import type { ImagePlan } from './plan.ts'
import type { RiskClass, SlimRule } from './slimming.ts'

/** Layers of the runtime by how often they change, rarest first. */
export const layerNames = ['system', 'libraries', 'engine'] as const
export type LayerName = (typeof layerNames)[number]

export interface TreeLayer {
  name: LayerName
  cause: string
  /** Sorted paths with the folders above them, as tar takes them. */
  paths: string[]
  sizeBytes: number
}

/** Bytes taken out under one rule, with the largest files as evidence. */
export interface Removal {
  rule: string
  risk: RiskClass
  reason: string
  files: number
  sizeBytes: number
  largest: { path: string; sizeBytes: number }[]
}

export interface TreePlan {
  layers: TreeLayer[]
  removals: Removal[]
  missing: MissingLibrary[]
  stockBytes: number
  keptBytes: number
}

const unneeded: SlimRule = {
  id: 'closure',
  risk: 'safe',
  paths: [],
  reason: 'nothing the server starts or loads needs this file of a distribution package',
}

/** Decides for every entry of the finished tree: a layer, or a removal with its rule. */
export function planTree(inventory: Inventory, plan: ImagePlan): TreePlan {
  const entries = inventory.entries.filter((entry) => entry.type !== 'folder')
  const closure = plan.slimming?.closure && closureOf(inventory, plan.slimming.closure)
  const ruleFor = ruleFinder(plan.slimming?.rules ?? [], closure?.needed)
  const removed = new Map<SlimRule, TreeEntry[]>()
  const kept: TreeEntry[] = []
  for (const entry of entries) {
    const rule = ruleFor(entry)
    if (rule === undefined) kept.push(entry)
    else appendTo(removed, rule, entry)
  }
  return {
    layers: layersOf(kept, inventory, plan),
    removals: [...removed].map(([rule, files]) => removalOf(rule, files)),
    missing: closure?.missing ?? [],
    stockBytes: sum(entries),
    keptBytes: sum(kept),
  }
}

/** Needed files are never removed by a rule; rules come before the closure, so that a removal has its plainest reason. */
function ruleFinder(rules: readonly SlimRule[], needed: ReadonlyMap<string, string> | undefined) {
  const matchers = rules.map((rule) => ({ rule, matches: picomatch([...rule.paths], { dot: true }) }))
  return (entry: TreeEntry): SlimRule | undefined => {
    if (needed?.has(entry.path)) return undefined
    const match = matchers.find(({ matches }) => matches(entry.path))
    if (match) return match.rule
    return needed === undefined || isRootLink(entry) ? undefined : unneeded
  }
}

function appendTo(removed: Map<SlimRule, TreeEntry[]>, rule: SlimRule, entry: TreeEntry): void {
  const files = removed.get(rule)
  if (files) files.push(entry)
  else removed.set(rule, [entry])
}

/** `/lib -> usr/lib` and its like: paths of the loader go through them. */
function isRootLink(entry: TreeEntry): boolean {
  return entry.type === 'link' && posix.dirname(entry.path) === '/'
}

function layersOf(kept: readonly TreeEntry[], inventory: Inventory, plan: ImagePlan): TreeLayer[] {
  const ours = new Set(plan.settings.map((file) => file.path))
  const isEngine = picomatch(plan.enginePaths, { dot: true })
  const base = new Set(inventory.basePackages)
  const nameOf = (entry: TreeEntry): LayerName => {
    if (isEngine(entry.path)) return 'engine'
    return entry.package === undefined || base.has(entry.package) ? 'system' : 'libraries'
  }
  const folders = new Set(
    inventory.entries.filter((entry) => entry.type === 'folder').map((entry) => entry.path),
  )
  return layerNames
    .map((name) => ({ name, files: kept.filter((entry) => !ours.has(entry.path) && nameOf(entry) === name) }))
    .filter(({ files }) => files.length > 0)
    .map(({ name, files }) => ({
      name,
      cause: causes[name](plan),
      paths: withFolders(files, folders),
      sizeBytes: sum(files),
    }))
}

const causes: Record<LayerName, (plan: ImagePlan) => string> = {
  system: (plan) => `base system from ${plan.runtime.locked.base.reference}`,
  libraries: () => 'libraries added to the base',
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

function removalOf(rule: SlimRule, files: readonly TreeEntry[]): Removal {
  const largest = [...files]
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1))
    .slice(0, 10)
  return {
    rule: rule.id,
    risk: rule.risk,
    reason: rule.reason,
    files: files.length,
    sizeBytes: sum(files),
    largest: largest.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
  }
}

function sum(entries: readonly TreeEntry[]): number {
  return entries.reduce((total, entry) => total + entry.sizeBytes, 0)
}
