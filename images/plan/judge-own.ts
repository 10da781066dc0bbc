import { plainRequirement } from '../../recipes/own-layer.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { runtimeOf } from '../engines/deployment.ts'
import { engineOf } from '../engines/engines.ts'
import { namesOfSystem } from '../engines/own-runtime.ts'
import { PlanError } from '../error.ts'
import { settingsFiles } from '../tree/settings.ts'

/** What speaks against the own layer and the own questions of a recipe before anything is locked. */
export function ownFindings(recipe: Recipe): Finding[] {
  return [
    ...packageFindings(recipe),
    ...twiceFindings(recipe),
    ...recipe.image.files.flatMap((_, index) => placeFindings(recipe, index)),
    ...probeFindings(recipe),
  ]
}

/** An official image is taken as it is: what is in it is not resolved again. */
function packageFindings(recipe: Recipe): Finding[] {
  const { python, system } = recipe.image.packages
  if (python.length + system.length === 0 || !isUpstream(recipe)) return []
  const definition = engineOf(recipe.engine.id)
  const hasWheels = definition.runtimes.some(({ kind }) => kind === 'packages')
  return [
    problem(
      ['image', 'packages'],
      'key',
      `${definition.title} comes from its official image here, into which nothing is installed`,
      hasWheels
        ? 'take `engine.runtime: packages`, or name a base that has them in image.base'
        : 'name a base that has them in image.base; files and a command of your own are taken',
    ),
  ]
}

function isUpstream(recipe: Recipe): boolean {
  try {
    return runtimeOf(recipe, engineOf(recipe.engine.id)).source.type === 'upstream'
  } catch (error) {
    // No runtime suits the recipe: the lock says so.
    if (error instanceof PlanError) return false
    throw error
  }
}

function twiceFindings({ image: { packages } }: Recipe): Finding[] {
  const twice = (list: 'python' | 'system', names: readonly string[]) =>
    names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [
            problem(
              ['image', 'packages', list, index],
              'value',
              `"${name}" stands here twice`,
              'leave one of them out',
            ),
          ],
    )
  return [
    ...twice('system', namesOfSystem(packages.system)),
    ...twice('python', packages.python.map(plainRequirement)),
  ]
}

/** Mounted by runtimes, or written by ingot itself. */
const taken = ['/proc', '/sys', '/dev', '/run', '/tmp', '/models', '/etc/ingot', '/usr/local/lib/ingot']

function placeFindings({ image: { files } }: Recipe, index: number): Finding[] {
  const to = files[index]?.to ?? ''
  const path = ['image', 'files', index, 'to']
  const ours = settingsFiles().find((file) => file.type === 'file' && isInside(file.path, to))
  const reserved = taken.find((folder) => isInside(to, folder)) ?? ours?.path
  if (reserved !== undefined)
    return [
      problem(
        path,
        'value',
        `${reserved} is not the recipe's`,
        'name a folder of your own, such as /app or /opt/NAME',
      ),
    ]
  const before = files.slice(0, index).find((other) => isInside(to, other.to) || isInside(other.to, to))
  if (before === undefined) return []
  return [
    problem(
      path,
      'value',
      `it lies in one place with ${before.to}`,
      'give each its own place beside the other',
    ),
  ]
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function probeFindings({ verify: { probes } }: Recipe): Finding[] {
  return probes.flatMap(({ id }, index) =>
    probes.findIndex((probe) => probe.id === id) === index
      ? []
      : [
          problem(
            ['verify', 'probes', index, 'id'],
            'value',
            `"${id}" is the name of another probe`,
            'give each a name of its own: reports tell them apart by it',
          ),
        ],
  )
}

function problem(path: Finding['path'], part: Finding['part'], message: string, hint: string): Finding {
  return { kind: 'problem', path, part, message, hint }
}
