import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { parseRecipe } from '../../../recipes/parse.ts'
import { readRecipeText } from '../engines/fixtures.ts'

/** The recipe of an engine with one more key of a section, and the place of a text in it. */
export function recipeWith(id: EngineId, section: string, lines: string) {
  const plain = readRecipeText(`smollm2-135m-${id}.yaml`).replace(/\n {2}environment:\n(?: {4}.*\n)+/, '\n')
  return plain.includes(`\n${section}:\n`)
    ? plain.replace(`\n${section}:\n`, `\n${section}:\n${lines}\n`)
    : `${plain}${section}:\n${lines}\n`
}

export function judged(text: string) {
  const parsed = parseRecipe(text, 'r.yaml', judgeRecipe)
  return parsed.ok ? { problems: [], doubts: parsed.doubts } : { problems: parsed.problems, doubts: [] }
}

export function columnOf(text: string, part: string) {
  const line = text.split('\n').findIndex((item) => item.includes(part))
  return { line: line + 1, column: (text.split('\n')[line] ?? '').indexOf(part) + 1 }
}
