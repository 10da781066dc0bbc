import { row } from './markdown.ts'

export interface Node {
  type?: string
  description?: string
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  maxLength?: number
  anyOf?: Node[]
  oneOf?: Node[]
}

/** `schema` is what zod writes as JSON Schema of the recipe. */
export function recipePage(schema: Node): string {
  return [
    '# Recipes',
    '',
    'A recipe is one YAML file that says what image is wanted. Unknown keys are errors; `ingot check FILE` lists every problem.',
    'An editor with a YAML language server completes it when the first line says where the schema lies, seen from the recipe:',
    '`# yaml-language-server: $schema=../docs/recipe.schema.json` in a folder beside `docs/`, and',
    '`# yaml-language-server: $schema=../node_modules/ingot/docs/recipe.schema.json` in a folder of another project.',
    'The recipes of this repository have no such line, since it would be wrong in a copy; `.vscode/settings.json` names the schema for them.',
    '',
    'The first build pins what a recipe resolves to in a lock beside it, or below `INGOT_LOCKS`; [locks](locks.md) says which keys it depends on.',
    'Values have limits far above what servers take; a file of more than 256 KiB is no recipe. A token, password or key that stands in a recipe',
    'is refused by its form (`hf_…`, `sk-…`, `ghp_…`, a private key, …) and by its name (a variable, flag, label or parameter of an address that ends in TOKEN, KEY, PASSWORD,',
    'SECRET, CREDENTIALS; not `PUBLIC_KEY`, `EOS_TOKEN` and the like, nor a path). What ingot itself sets (`HOME`, `PATH`, the loader’s',
    'variables, offline switches, hosts and ports, flags of the command line, labels of `dev.ingot.*`) is refused with the key to use instead.',
    '`ingot check` also warns of names that it does not know, such as a GPU that is not in its catalogue.',
    '',
    'This page and the schema are generated from `recipes/recipe.ts` by `npm run docs`.',
    '',
    '| key | required | values | meaning |',
    '| --- | --- | --- | --- |',
    ...rows(schema, ''),
    '',
  ].join('\n')
}

function rows(node: Node, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`
    const required = node.required?.includes(key) && child.default === undefined ? 'yes' : ''
    return [
      row([`\`${path}\``, required, valuesOf(child), child.description ?? '']),
      ...childRows(child, path),
    ]
  })
}

function childRows(child: Node, path: string): string[] {
  if (child.oneOf)
    return child.oneOf.flatMap((branch) => rows(branch, `${path}(${branch.properties?.['type']?.const}).`))
  return [...rows(child, `${path}.`), ...(child.items ? rows(child.items, `${path}[].`) : [])]
}

function valuesOf(node: Node): string {
  const shown =
    node.default === undefined || typeof node.default === 'object'
      ? ''
      : `; default \`${JSON.stringify(node.default)}\``
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum) return `${node.enum.map((value) => `\`${value}\``).join(', ')}${shown}`
  if (node.anyOf) return `${node.anyOf.map((branch) => branch.type).join(' or ')}${shown}`
  if (node.oneOf) return `one of the types below${shown}`
  if (node.type === 'array')
    return `list of ${node.items?.enum ? valuesOf(node.items) : (node.items?.type ?? 'values')}${shown}`
  return `${node.type ?? 'any'}${rangeOf(node)}${shown}`
}

/** What a number or the length of a text may be, where the schema says more than that it is one. */
function rangeOf({ type, minimum, exclusiveMinimum, maximum, maxLength }: Node): string {
  // Longer ones are bounds against accidents, and nobody comes near them.
  if (maxLength !== undefined && maxLength <= 200) return ` of at most ${maxLength} characters`
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return ''
  const least = minimum ?? (type === 'integer' && exclusiveMinimum === 0 ? 1 : undefined)
  if (least !== undefined) return `, ${least} to ${maximum}`
  return exclusiveMinimum === undefined ? `, at most ${maximum}` : `, above ${exclusiveMinimum} to ${maximum}`
}
