import { engines } from '../../../images/engines/engines.ts'
import type { ModelOffer } from '../../../images/init/offer.ts'
import { type InitWishes, type Proposal, propose } from '../../../images/init/propose.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import { parseRecipe } from '../../../recipes/parse.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor } from '../engines/fixtures.ts'

export const wishes: InitWishes = { engines, counts: [1, 2, 4, 8], acceptsLicense: false }

export function proposed(offer: ModelOffer, gpu: string | null, more: Partial<InitWishes> = {}): Proposal {
  const found = propose(offer, { gpu, count: 1 }, { ...wishes, ...more })
  if ('reasons' in found) throw new Error(found.reasons.join('\n'))
  return found
}

export function reasonsFor(offer: ModelOffer, gpu: string | null, more: Partial<InitWishes> = {}): string {
  const found = propose(offer, { gpu, count: 1 }, { ...wishes, ...more })
  return 'reasons' in found ? found.reasons.join('\n') : 'something was proposed'
}

export function parsed(text: string): Recipe {
  const result = parseRecipe(text, 'recipe.yaml', judgeRecipe)
  if (result.ok) return result.recipe
  throw new Error(result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
}

/** What `ingot plan` makes of the text, with a lock of the files that the offer has. */
export function planned(offer: ModelOffer, proposal: Proposal): ImagePlan {
  const recipe = parsed(recipeText(offer, proposal))
  const { weights } = proposal.choices
  const lock = lockFor(
    recipe,
    weights.files.map(({ path }) => path),
  )
  return planImage(recipe, {
    ...lock,
    ...(weights.facts && { model: weights.facts }),
    ...(weights.header && { gguf: weights.header }),
  })
}
