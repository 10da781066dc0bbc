import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { CompileCacheRules } from '../engines/compile-cache.ts'
import { engineOf, engines } from '../engines/engines.ts'

const key: Finding['path'] = ['image', 'compileCache']

/** What speaks against a layer of compiled code before anything is locked. */
export function compileCacheFindings(recipe: Recipe): Finding[] {
  if (!recipe.image.compileCache) return []
  const { title, compileCache } = engineOf(recipe.engine.id)
  if (compileCache === undefined) {
    const others = engines.flatMap((engine) => (engine.compileCache === undefined ? [] : [engine.id]))
    return [
      problem(
        key,
        `ingot knows of nothing that ${title} compiles when it starts`,
        `leave it out; it is for ${others.join(' and ')}`,
      ),
    ]
  }
  return [...slimFindings(recipe), ...switchFindings(recipe, compileCache)]
}

/** The boot that the cache is taken from has to compile. */
function slimFindings({ image: { slim } }: Recipe): Finding[] {
  if (typeof slim === 'boolean' || !slim.includes('jit')) return []
  const message = 'image.slim allows the class jit, which takes what compiles at run time out of the image'
  return [problem(key, message, 'leave jit out of image.slim, or this key')]
}

function switchFindings({ serving }: Recipe, { switches }: CompileCacheRules): Finding[] {
  return switches.flatMap(({ variable, harmless }) => {
    const value = serving.environment[variable]
    if (value === undefined || harmless.includes(value)) return []
    const message = `${variable}=${value} switches the cache off that image.compileCache takes`
    return [problem(['serving', 'environment', variable], message, 'leave out one of them')]
  })
}

function problem(path: Finding['path'], message: string, hint: string): Finding {
  return { kind: 'problem', path, part: 'value', message, hint }
}
