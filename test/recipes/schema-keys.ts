import { z } from 'zod'
import { recipeSchema } from '../../recipes/recipe.ts'

interface Node {
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
  oneOf?: Node[]
  const?: unknown
  additionalProperties?: unknown
}

/** Every key of the recipe schema that holds a value of its own; keys of a kind of source are `weights.source(TYPE).KEY`. */
export function recipeKeys(): string[] {
  // JSON Schema is a wide type; the recipe uses only the members of Node.
  return keysOf(z.toJSONSchema(recipeSchema, { io: 'input' }) as Node, '')
}

function keysOf({ properties = {} }: Node, prefix: string): string[] {
  return Object.entries(properties).flatMap(([key, child]) => {
    const path = `${prefix}${key}`
    const branches = (child.oneOf ?? child.anyOf ?? []).filter((branch) => branch.properties)
    if (branches.length > 0)
      return branches.flatMap((branch) => keysOf(branch, `${path}(${branch.properties?.['type']?.const}).`))
    if (child.items?.properties) return keysOf(child.items, `${path}[].`)
    return child.properties ? keysOf(child, `${path}.`) : [path]
  })
}
