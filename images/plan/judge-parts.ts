import type { Finding } from '../../recipes/parse.ts'
import { nameOfPart, partFolder, partTitle, type RecipePart } from '../../recipes/parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { engineOf } from '../engines/engines.ts'
import { namesFlag } from '../engines/reserved-flags.ts'

/** What speaks against the parts of a recipe before anything is locked: two of one kind or name, and what the engine has not. */
export function partFindings(recipe: Recipe): Finding[] {
  const ofParts = recipe.parts.flatMap((part, index) => [
    ...engineFindings(recipe, part, index),
    ...secondFindings(recipe, part, index),
    ...nameFindings(recipe, part, index),
    ...deliveryFindings(recipe, part, index),
  ])
  return [...ofParts, ...flagFindings(recipe)]
}

/** Flags by which a part is passed: the last one of a command line would win. */
function flagFindings({ engine, parts, serving }: Recipe): Finding[] {
  const { parts: table, reserved } = engineOf(engine.id)
  return parts.flatMap((part) => {
    const support = table[part.role]
    const flags = support.type === 'served' ? support.flags : []
    return serving.extraArguments.flatMap((item, index): Finding[] => {
      const flag = flags.find((name) => namesFlag(item, name, reserved.style))
      if (flag === undefined) return []
      const message = `${flag} is set for the ${partTitle(part)}`
      const hint = 'leave it out, or leave the part out and write all of its flags here'
      return [{ kind: 'problem', path: ['serving', 'extraArguments', index], part: 'value', message, hint }]
    })
  })
}

function problem(path: Finding['path'], message: string, hint: string): Finding {
  return { kind: 'problem', path: ['parts', ...path], part: 'value', message, hint }
}

function engineFindings({ engine }: Recipe, { role }: RecipePart, index: number): Finding[] {
  const definition = engineOf(engine.id)
  const support = definition.parts[role]
  if (support.type === 'served') return []
  return [problem([index, 'role'], `${definition.title} serves no ${role}: ${support.found}`, support.hint)]
}

/** A model has one drafter and one projector. */
function secondFindings({ parts }: Recipe, part: RecipePart, index: number): Finding[] {
  if (nameOfPart(part) !== undefined) return []
  const first = parts.findIndex(({ role }) => role === part.role)
  if (first === index) return []
  return [
    problem(
      [index, 'role'],
      `a second ${part.role}; part ${first + 1} is one`,
      `a server takes one ${part.role}: leave one of them out`,
    ),
  ]
}

/** Requests tell models and adapters apart by their names, and folders theirs by names without special characters. */
function nameFindings({ parts, model }: Recipe, part: RecipePart, index: number): Finding[] {
  const name = nameOfPart(part)
  if (name === undefined) return []
  const path = [index, 'name']
  if (name === model.name)
    return [problem(path, `"${name}" is the name of the model`, 'give it a name of its own')]
  const before = parts.slice(0, index)
  const same = before.find((other) => nameOfPart(other) === name)
  if (same !== undefined)
    return [problem(path, `the ${partTitle(same)} has the same name`, 'give every part a name of its own')]
  const beside = before.find((other) => partFolder(other).toLowerCase() === partFolder(part).toLowerCase())
  if (beside === undefined) return []
  return [
    problem(
      path,
      `"${name}" and "${nameOfPart(beside)}" have the same folder ${partFolder(part)}`,
      'give them names that differ in letters or digits, and not in their case alone',
    ),
  ]
}

function deliveryFindings({ weights }: Recipe, part: RecipePart, index: number): Finding[] {
  const type = part.source?.type
  if (weights.delivery !== 'hf-cache' || type === undefined || type === 'huggingface') return []
  return [
    problem(
      [index, 'source', 'type'],
      `a ${type} source has no place in a Hub cache, which delivery hf-cache asks for`,
      'name a repository of the Hub, or deliver the weights as baked or mounted',
    ),
  ]
}
