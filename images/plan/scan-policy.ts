import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { Recipe } from '../../recipes/recipe.ts'
import type { EngineDefinition } from '../engines/engine.ts'

/** What a scan of the finished image lets pass; part of the plan, since another policy may judge the same image otherwise. */
export interface ScanPolicy {
  allowWorldWritable: string[]
  allowSecrets: string[]
  /** Why there may be a shell; without a reason there must be none. */
  shells: string[]
}

/** One entry of an image's layers, as far as a scan looks at it. `path` is absolute. */
export interface ScannedEntry {
  path: string
  type: 'file' | 'folder' | 'link' | 'other'
  /** Permission bits with setuid, setgid and sticky. */
  mode: number
  linkTarget?: string
  hasCapabilities: boolean
}

/** What was seen of a tree that a person may want to know, whether a policy allows it or not. */
export interface TreeFindings {
  setuid: string[]
  worldWritable: string[]
  shells: string[]
}

const setuidBits = 0o6000
const stickyBit = 0o1000
const otherWrite = 0o002

const shellNames = new Set(
  'sh ash bash busybox csh dash elvish fish ksh ksh93 mksh nu oksh pwsh rbash rksh tcsh toybox yash zsh'.split(
    ' ',
  ),
)

/** The policy of a recipe: nothing passes that neither it nor the engine's definition asks for. */
export function scanPolicyOf({ image, weights, serving }: Recipe, engine: EngineDefinition): ScanPolicy {
  const { allowWorldWritable, allowSecrets, allowShells } = image.policy
  const reasons = [
    ...(engine.shell === null ? [] : [`${engine.title}: ${engine.shell}`]),
    ...(serving.apiKey === false ? [] : ['the guard that wants a key is a script']),
    ...(weights.delivery === 'baked' ? [] : ['the guard that checks mounted weights is a script']),
  ]
  const shells =
    allowShells === undefined ? reasons : allowShells ? [...reasons, 'the recipe allows any'] : []
  return { allowWorldWritable, allowSecrets, shells }
}

/** Looks at every entry; of a path in several layers the last one counts, as it does when they are unpacked. */
export function findingsOf(entries: readonly ScannedEntry[]): TreeFindings {
  const tree = [...new Map(entries.map((entry) => [entry.path, entry])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  const pathsOf = (wanted: (entry: ScannedEntry) => boolean) => tree.filter(wanted).map(({ path }) => path)
  return {
    setuid: pathsOf(isSetuid),
    worldWritable: pathsOf(isWorldWritable),
    shells: pathsOf((entry) => isShell(entry, tree)),
  }
}

/** Breaches of a policy in words, each with what to do; empty when all is allowed. */
export function breachesOf(found: TreeFindings, policy: ScanPolicy): { found: string; hint: string }[] {
  const isAllowed = picomatch(policy.allowWorldWritable, { dot: true })
  const writable = found.worldWritable.filter((path) => !isAllowed(path))
  const breaches: { found: string; hint: string }[] = []
  if (found.setuid.length > 0)
    breaches.push({
      found: `files are setuid, setgid or have capabilities: ${listed(found.setuid)}`,
      hint: 'a layer was not packed by ingot, or its packing is broken; nothing allows these',
    })
  if (writable.length > 0)
    breaches.push({
      found: `every user may write ${listed(writable)}`,
      hint: 'correct the base image, or list the paths in image.policy.allowWorldWritable',
    })
  if (found.shells.length > 0 && policy.shells.length === 0)
    breaches.push({
      found: `there are shells that nothing needs: ${listed(found.shells)}`,
      hint: 'leave image.slim on, or write `allowShells: true` under image.policy',
    })
  return breaches
}

function isSetuid({ type, mode, hasCapabilities }: ScannedEntry): boolean {
  // On a folder the setgid bit only hands on its group.
  return hasCapabilities || (type === 'file' && (mode & setuidBits) !== 0)
}

function isWorldWritable({ type, mode }: ScannedEntry): boolean {
  if (type !== 'file' && type !== 'folder') return false
  return (mode & otherWrite) !== 0 && !(type === 'folder' && (mode & stickyBit) !== 0)
}

/** By its name in a folder of programs; a link counts when what it points to is there. */
function isShell({ path, type, linkTarget }: ScannedEntry, tree: readonly ScannedEntry[]): boolean {
  if (!shellNames.has(posix.basename(path)) || !/\/s?bin$/.test(posix.dirname(path))) return false
  if (type !== 'link') return type === 'file'
  const target = posix.resolve(posix.dirname(path), linkTarget ?? '')
  return tree.some((entry) => entry.path === target && entry.type !== 'folder')
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 10).join(', ')
  return paths.length > 10 ? `${shown} and ${paths.length - 10} more` : shown
}
