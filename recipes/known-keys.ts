import { z } from 'zod'
import type { Key } from './literal-secrets.ts'
import { compositionKeys } from './matrix.ts'
import { recipeSchema } from './recipe.ts'

interface SchemaNode {
  properties?: Record<string, SchemaNode & { const?: unknown }>
  items?: SchemaNode
  oneOf?: SchemaNode[]
  anyOf?: SchemaNode[]
}

/** Keys that a recipe may have at a path. `valueAt` gives what it says there, which chooses among kinds of a source or part. */
export function knownKeys(path: readonly Key[], valueAt: (path: readonly Key[]) => unknown): string[] {
  let node: SchemaNode | undefined = recipeNode()
  path.forEach((key, depth) => {
    const here = path.slice(0, depth + 1)
    const next = typeof key === 'number' ? node?.items : node?.properties?.[key]
    node = branchOf(next, (name) => valueAt([...here, name]))
  })
  const known = Object.keys(node?.properties ?? {})
  return path.length === 0 ? [...known, ...compositionKeys] : known
}

let recipeRoot: SchemaNode | undefined

/** Made once: it takes 20 ms, and a recipe may have a hundred keys that nobody knows. */
function recipeNode(): SchemaNode {
  // JSON Schema is a wide type; the recipe uses only the members of SchemaNode.
  recipeRoot ??= z.toJSONSchema(recipeSchema, { io: 'input' }) as SchemaNode
  return recipeRoot
}

function branchOf(
  node: SchemaNode | undefined,
  valueAtName: (name: string) => unknown,
): SchemaNode | undefined {
  const chosen = (node?.oneOf ?? node?.anyOf)?.find(({ properties = {} }) =>
    Object.entries(properties).some(
      ([name, { const: only }]) => only !== undefined && only === valueAtName(name),
    ),
  )
  return chosen ?? node
}
