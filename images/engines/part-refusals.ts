import { partTitle, type RecipePart } from '../../recipes/parts.ts'
import type { Deployment, Refusal } from './engine.ts'
import type { DeployedPart } from './parts.ts'

/** A refusal of one part, under the key that the recipe has it by. */
export function partRefusal(
  { recipe }: Pick<Deployment, 'recipe'>,
  part: RecipePart,
  { found, hint }: { found: string; hint: string },
): Refusal {
  return { path: `parts.${recipe.parts.indexOf(part)}`, found: `${partTitle(part)}: ${found}`, hint }
}

/** Refuses an adapter that is not in the form of PEFT, which every loader of transformers' models reads. */
export function formRefusals(
  deployment: Pick<Deployment, 'recipe'>,
  { part, files }: DeployedPart<'adapter'>,
): Refusal[] {
  const paths = files.map(({ path }) => path)
  if (paths.includes('adapter_config.json')) return []
  const found = `no adapter_config.json among ${paths.join(', ')}`
  return [partRefusal(deployment, part, { found, hint: 'name a folder or repository in the form of PEFT' })]
}

/** Refuses an adapter of a GGUF that says it was made for another architecture. */
export function architectureRefusals(
  deployment: Pick<Deployment, 'recipe' | 'gguf'>,
  { part, pinned }: DeployedPart<'adapter'>,
): Refusal[] {
  const made = pinned?.adapter?.architecture
  const architecture = deployment.gguf?.architecture
  if (made === undefined || architecture === undefined || made === architecture) return []
  const found = `it is made for ${made}, and the model is ${architecture}`
  return [partRefusal(deployment, part, { found, hint: 'name an adapter of this very model' })]
}
