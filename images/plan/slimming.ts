import { optional } from '../../lib/optional.ts'
import { distributionsOf, type Lock, type LockedRuntime } from '../../recipes/lock.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Deployment } from '../engines/engine.ts'
import { ownSlimming } from '../engines/own-runtime.ts'
import { type Architecture, nameOf, parseArchitecture } from '../gpu-code/architecture.ts'
import { capabilityOf, isAmd } from '../memory/gpus.ts'
import { rulesFor, type WheelRule } from '../slim-rules/rule.ts'
import {
  commonRules,
  type Rewriting,
  type RiskClass,
  type SlimPolicy,
  stockRules,
  trustRule,
} from '../slim-rules/slimming.ts'

type PolicyClosure = NonNullable<SlimPolicy['closure']>

/**
 * Everything that is removed from an image. `programs` are roots besides the engine's own. By default rules for wheels are
 * taken when they are `safe`; rules of the engine and of every image belong to the image as it is defined. A recipe that
 * lists classes gets rules of those and no others.
 */
export function planSlimming(
  deployment: Deployment,
  lock: Pick<Lock, 'runtime' | 'ownFiles'>,
  programs: readonly string[],
): SlimPolicy {
  const { recipe, engine, runtime } = deployment
  const { slim } = recipe.image
  if (slim === false) return { rules: stockRules }
  const { kept } = runtime.slimming
  const added = ownSlimming(runtime.source, lock)
  const { rules: ofRuntime, closure } = withAdded(withAsked(deployment), added)
  const rules = [...ofRuntime, ...added.rules]
  const installation = { distributions: versionsOf(lock.runtime), targets: targetsOf(deployment) }
  const common = keepsTrust(recipe) ? commonRules.filter(({ id }) => id !== trustRule.id) : commonRules
  const own = slim === true ? [...rules, ...common] : [...rules, ...common].filter(isOneOf(slim))
  return {
    // The rule for the very distribution gives the plainest reason, so it comes first.
    rules: [...rulesFor(engine.wheels.rules, installation, classesOf(recipe)).map(asRule), ...own],
    ...(closure === undefined ? {} : { closure: closureOf(closure, programs, recipe) }),
    ...rewritingOf(deployment),
    ...optional('kept', kept),
    ...(recipe.image.packageList === 'told' && { packageList: 'told' as const }),
  }
}

/** What the runtime's definition says, with what this recipe adds to it. */
function withAsked({ recipe, runtime, gpu }: Deployment): Pick<SlimPolicy, 'rules' | 'closure'> {
  const { rules, closure } = runtime.slimming
  const asked = runtime.slimmingFor?.(recipe, gpu)
  if (asked === undefined || closure === undefined) return { rules, ...optional('closure', closure) }
  return {
    rules: [...rules, ...asked.rules],
    closure: {
      ...closure,
      roots: [...closure.roots, ...asked.closure.roots],
      data: [...closure.data, ...asked.closure.data],
    },
  }
}

/** What the recipe adds stays with all that it loads. */
function withAdded(
  { rules, closure }: Pick<SlimPolicy, 'rules' | 'closure'>,
  added: ReturnType<typeof ownSlimming>,
): Pick<SlimPolicy, 'rules' | 'closure'> {
  const { packages, loads, roots, data, contents } = added
  const isNothing = [packages, loads, roots, contents].every((list) => list.length === 0)
  if (closure === undefined || isNothing) return { rules, ...optional('closure', closure) }
  return {
    rules,
    closure: {
      ...closure,
      roots: [...closure.roots, ...roots],
      data: [...closure.data, ...data],
      contents: [...(closure.contents ?? []), ...contents],
      ...(packages.length > 0 && { packages }),
      ...(loads.length > 0 && { loads }),
    },
  }
}

function keepsTrust({ image }: Recipe): boolean {
  return image.trust === 'keep'
}

function closureOf(closure: PolicyClosure, programs: readonly string[], recipe: Recipe): PolicyClosure {
  const roots = [...closure.roots, ...programs]
  // Nothing links to a certificate.
  return keepsTrust(recipe)
    ? { ...closure, roots, data: [...closure.data, ...trustRule.paths] }
    : { ...closure, roots }
}

function isOneOf(classes: readonly RiskClass[]) {
  return ({ risk }: { risk: RiskClass }) => classes.includes(risk)
}

function classesOf({ image: { slim } }: Recipe): readonly RiskClass[] {
  return typeof slim === 'boolean' ? ['safe'] : slim
}

/** Evidence stays with the rule: another wording of it makes no other image. */
function asRule({ id, risk, paths, reason }: WheelRule): SlimPolicy['rules'][number] {
  return { id, risk, paths, reason }
}

function versionsOf(locked: LockedRuntime): Record<string, string> {
  if (locked.type === 'upstream') return locked.distributions ?? {}
  return Object.fromEntries(distributionsOf(locked).map(({ name, version }) => [name, version]))
}

/** GPUs by architecture: none for a CPU image; `unknown` where the recipe names no GPU of NVIDIA that is in the catalogue. */
export function targetsOf({ runtime, gpu }: Deployment): readonly Architecture[] | 'unknown' {
  if (runtime.device !== 'cuda') return []
  const capability = gpu === null ? 0 : capabilityOf(gpu)
  return capability === 0 ? 'unknown' : [parseArchitecture(capability.toFixed(1))]
}

/** What leaves files. Debian's packages come stripped, and those for ROCm alone hold GPU code: files of others are not opened. */
function rewritingOf(deployment: Deployment): { rewriting?: Rewriting } {
  const { type } = deployment.runtime.source
  if (!classesOf(deployment.recipe).includes('safe')) return {}
  if (deployment.runtime.device === 'rocm') return processorsOnly(deployment)
  if (type === 'debian') return {}
  const targets = targetsOf(deployment)
  return {
    rewriting: {
      targets: targets === 'unknown' ? 'any' : targets.map((target) => nameOf(target)),
      symbols: true,
      // Bytecode that the installation of locked wheels writes is marked from the start.
      bytecode: type === 'upstream',
    },
  }
}

/** Code for other processors of AMD goes; all stays where the recipe names no card. */
function processorsOnly({ gpu }: Deployment): { rewriting?: Rewriting } {
  if (gpu === null || !isAmd(gpu)) return {}
  return { rewriting: { targets: [gpu.architecture], symbols: false, bytecode: false } }
}
