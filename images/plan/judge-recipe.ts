import { IngotError } from '../../lib/error.ts'
import { nearestName } from '../../lib/suggest.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { deviceOf } from '../engines/deployment.ts'
import { engineOf } from '../engines/engines.ts'
import type { ReservedSettings } from '../engines/reserved.ts'
import { argumentProblems } from '../engines/reserved-flags.ts'
import { reservedVariable } from '../engines/reserved-variables.ts'
import { gpuNamed } from '../memory/gpus.ts'
import { registryLimits } from '../weights/registry-limits.ts'
import { compileCacheFindings } from './judge-compile-cache.ts'
import { deploymentFindings } from './judge-deployment.ts'
import { environmentFindings } from './judge-environment.ts'
import { ownFindings } from './judge-own.ts'
import { partFindings } from './judge-parts.ts'
import { settingFindings } from './judge-settings.ts'
import { quantizationFindings } from './quantization.ts'
import { reservedLabel } from './reserved-labels.ts'

/**
 * What the engines, the catalogue of GPUs and the registries say of a recipe that the schema accepts, before anything is
 * locked: what it cannot set, and names that nobody knows.
 */
export function judgeRecipe(recipe: Recipe): Finding[] {
  const { reserved } = engineOf(recipe.engine.id)
  return [
    ...argumentFindings(recipe, reserved),
    ...variableFindings(recipe, reserved),
    ...environmentFindings(recipe),
    ...labelFindings(recipe),
    ...cacheFindings(recipe, reserved),
    ...gpuFindings(recipe),
    ...registryFindings(recipe),
    ...partFindings(recipe),
    ...quantizationFindings(recipe),
    ...settingFindings(recipe),
    ...ownFindings(recipe),
    ...compileCacheFindings(recipe),
    ...deploymentFindings(recipe),
  ]
}

function argumentFindings(recipe: Recipe, reserved: ReservedSettings): Finding[] {
  const { extraArguments } = recipe.serving
  return argumentProblems(extraArguments, reserved, deviceOf(recipe)).map(({ index, message, hint }) =>
    problem(['serving', 'extraArguments', index], 'value', message, hint),
  )
}

function variableFindings({ serving }: Recipe, reserved: ReservedSettings): Finding[] {
  return Object.entries(serving.environment).flatMap(([name, value]) => {
    const instead = reservedVariable(name, value, reserved)
    const path = ['serving', 'environment', name]
    return instead === undefined ? [] : [problem(path, 'key', `${name} is set by ingot itself`, instead)]
  })
}

function labelFindings({ image }: Recipe): Finding[] {
  return Object.keys(image.labels).flatMap((name) => {
    const instead = reservedLabel(name)
    const path = ['image', 'labels', name]
    return instead === undefined
      ? []
      : [problem(path, 'key', `the label ${name} is written by ingot itself`, instead)]
  })
}

/** A name that looks like a type may be newer than the list; any other is a slip. */
function cacheFindings({ serving, engine }: Recipe, { kvCacheDtypes }: ReservedSettings): Finding[] {
  const asked = serving.kvCacheDtype
  if (asked === undefined || kvCacheDtypes === null || kvCacheDtypes.includes(asked)) return []
  const path = ['serving', 'kvCacheDtype']
  const known = kvCacheDtypes.join(', ')
  const near = nearestName(asked, kvCacheDtypes)
  if (near === undefined && /^[a-z]+\d[a-z0-9_]*$/i.test(asked))
    return [
      {
        ...problem(path, 'value', `"${asked}" is no type of a cache that ingot knows of ${engine.id}`, known),
        kind: 'doubt',
        hint: `known are ${known}; the boot tells whether the server takes it, and its memory cannot be planned`,
      },
    ]
  return [
    problem(
      path,
      'value',
      `expected one of ${known}, found "${asked}"`,
      near === undefined ? 'take one of the names listed' : `did you mean "${near}"?`,
    ),
  ]
}

function gpuFindings({ target }: Recipe): Finding[] {
  if (target.gpu === undefined) return []
  const named = gpuNamed(target.gpu)
  const path = ['target', 'gpu']
  switch (named.type) {
    case 'known':
      return []
    case 'near':
      return [
        problem(
          path,
          'value',
          `"${target.gpu}" is no GPU of the catalogue`,
          `did you mean ${named.names.map((name) => `"${name}"`).join(' or ')}?`,
        ),
      ]
    case 'unknown':
      return [
        {
          ...problem(path, 'value', `the catalogue has no GPU "${target.gpu}"`, ''),
          kind: 'doubt',
          hint: `whether the model fits and the GPU suits the engine is not checked; near names of target.gpu are ${named.names.join(', ')}`,
        },
      ]
  }
}

function registryFindings({ image }: Recipe): Finding[] {
  try {
    registryLimits(image.registry)
    return []
  } catch (error) {
    if (!(error instanceof IngotError)) throw error
    const { found, hint } = error.failure
    return [problem(['image', 'registry'], 'value', `"${image.registry}" is no registry: ${found}`, hint)]
  }
}

function problem(path: Finding['path'], part: Finding['part'], message: string, hint: string): Finding {
  return { kind: 'problem', path, part, message, hint }
}
