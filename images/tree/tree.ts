import { posix } from 'node:path'
import {
  gpuCodeReason,
  type Rewriting,
  type RiskClass,
  ruleMatcher,
  type SlimRule,
} from '../slim-rules/slimming.ts'
import { closureOf, type MissingLibrary } from './closure.ts'
import type { Inventory, TreeEntry } from './inventory.ts'
import { type TreeLayer, treeLayers } from './layers.ts'
import { type PackageChanges, packageChanges } from './packages.ts'
import type { RewrittenFile } from './rewritten.ts'
import type { TreeRules } from './rules.ts'

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
  /** The same by the packages that files are of. */
  changes: PackageChanges
}

const unneeded: SlimRule = {
  id: 'closure',
  risk: 'safe',
  paths: [],
  reason: 'nothing the server starts or loads needs this file of a distribution package',
}

/**
 * Decides for every entry of the finished tree: a layer, or a removal with its rule. `rewritten` are files of which a part
 * went already; the inventory has their present sizes.
 */
export function planTree(
  inventory: Inventory,
  plan: TreeRules,
  rewritten: readonly RewrittenFile[] = [],
): TreePlan {
  const entries = inventory.entries.filter((entry) => entry.type !== 'folder')
  const { rules, closure: policy, rewriting } = plan.slimming
  const ruleOf = firstRule(rules)
  const closure = policy && closureOf(inventory, policy, (path) => ruleOf(path) !== undefined)
  const ruleFor = ruleFinder(ruleOf, closure?.needed)
  const parts = rewritingRemovals(rewritten, rewriting?.targets ?? 'any')
  const removed = new Map<SlimRule, TreeEntry[]>()
  const kept: TreeEntry[] = []
  for (const entry of entries) {
    const rule = ruleFor(entry)
    if (rule === undefined) kept.push(entry)
    else appendTo(removed, rule, entry)
  }
  return {
    layers: treeLayers(kept, inventory, plan),
    removals: [...parts, ...[...removed].map(([rule, files]) => removalOf(rule, files))],
    missing: closure?.missing ?? [],
    stockBytes: sum(entries) + sum(parts),
    keptBytes: sum(kept),
    changes: packageChanges(inventory, (entry) => ruleFor(entry)?.id),
  }
}

function firstRule(rules: readonly SlimRule[]): (path: string) => SlimRule | undefined {
  const matchers = rules.map((rule) => ({ rule, matches: ruleMatcher(rule) }))
  const known = new Map<string, SlimRule | undefined>()
  return (path) => {
    if (!known.has(path)) known.set(path, matchers.find(({ matches }) => matches(path))?.rule)
    return known.get(path)
  }
}

/** Needed files are never removed by a rule; rules come before the closure, so that a removal has its plainest reason. */
function ruleFinder(
  ruleOf: (path: string) => SlimRule | undefined,
  needed: ReadonlyMap<string, string> | undefined,
) {
  return (entry: TreeEntry): SlimRule | undefined => {
    if (needed?.has(entry.path)) return undefined
    const rule = ruleOf(entry.path)
    if (rule) return rule
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

/** What left files that stay, as if it had been files of its own. */
function rewritingRemovals(rewritten: readonly RewrittenFile[], targets: Rewriting['targets']): Removal[] {
  const rules: [SlimRule, { path: string; sizeBytes: number }[]][] = [
    [
      {
        id: 'gpu-code',
        risk: 'safe',
        paths: [],
        reason: gpuCodeReason(targets),
      },
      rewritten.map(({ path, gpuCodeBytes }) => ({ path, sizeBytes: gpuCodeBytes })),
    ],
    [
      {
        id: 'symbols',
        risk: 'safe',
        paths: [],
        reason: 'symbol tables and debug sections inside libraries; no loader reads them',
      },
      rewritten.map(({ path, symbolBytes }) => ({ path, sizeBytes: symbolBytes })),
    ],
  ]
  return rules
    .map(([rule, files]) => [rule, files.filter((file) => file.sizeBytes > 0)] as const)
    .filter(([, files]) => files.length > 0)
    .map(([rule, files]) => removalOf(rule, files))
}

function removalOf(rule: SlimRule, files: readonly Pick<TreeEntry, 'path' | 'sizeBytes'>[]): Removal {
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

function sum(entries: readonly { sizeBytes: number }[]): number {
  return entries.reduce((total, entry) => total + entry.sizeBytes, 0)
}
