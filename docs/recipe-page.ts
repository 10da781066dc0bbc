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

/** `schema` and `composition` are what zod writes as JSON Schema of the recipe and of the keys that put a file together. */
export function recipePage(schema: Node, composition: Node): string {
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
    ...rows(schema, '', new Set()),
    '',
    '## Several recipes in one file, and what they share',
    '',
    '| key | values | meaning |',
    '| --- | --- | --- |',
    ...Object.entries(composition.properties ?? {}).map(([key, node]) =>
      row([`\`${key}\``, node.type ?? 'any', node.description ?? '']),
    ),
    '',
    ...compositionText,
    '',
  ].join('\n')
}

const compositionText = [
  '```yaml',
  'extends: _shared.yaml          # licence, serving, verify: whatever all of them have',
  'name: llama',
  'matrix:',
  '  gpu: [l4, h100]              # sets target.gpu',
  '  precision:                   # any name; each value brings its keys',
  '    bf16: { weights: { source: { type: huggingface, repo: acme/llama } } }',
  '    awq: { weights: { source: { type: huggingface, repo: acme/llama-awq } } }',
  'exclude:',
  '  - { gpu: l4, precision: bf16 }',
  '```',
  '',
  'This file stands for `llama-l4-awq`, `llama-h100-bf16` and `llama-h100-awq`. Commands that take several recipes take all of them; the others want one, as',
  '`FILE#NAME`: `ingot run recipes/llama.yaml#llama-l4-awq`. Each has a lock of its own, `NAME.lock.json`. A nearer file wins: maps are joined, lists and single values',
  'replaced, a map of another `type` replaced as a whole, and `null` takes a key away; values of the matrix come last. Paths in any of the files are relative to the recipe, not to what it',
  'extends. A folder stands for its YAML files, without those whose names begin with `_` or `.`. A problem is told where its key stands, in whichever file that is.',
]

/** `told` holds the choices that stand above: a source of a part has the keys of the model's. */
function rows(node: Node, prefix: string, told: Set<string>): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = `${prefix}${key}`
    const required = node.required?.includes(key) && child.default === undefined ? 'yes' : ''
    return [
      row([`\`${path}\``, required, kindsOf(child, told), child.description ?? '']),
      ...childRows(child, path, told),
    ]
  })
}

function childRows(child: Node, path: string, told: Set<string>): string[] {
  // A list whose items have a choice is written without brackets: with them it would be a link of Markdown.
  const choice = child.oneOf ?? child.items?.oneOf
  if (choice === undefined)
    return [...rows(child, `${path}.`, told), ...(child.items ? rows(child.items, `${path}[].`, told) : [])]
  const text = JSON.stringify(choice)
  if (told.has(text)) return []
  told.add(text)
  return choice.flatMap((branch) => rows(branch, `${path}(${kindOf(branch)}).`, told))
}

/** A choice that stands above is named and not told again. */
function kindsOf(child: Node, told: ReadonlySet<string>): string {
  const isTold = child.oneOf !== undefined && told.has(JSON.stringify(child.oneOf))
  return isTold ? 'one of the types above' : valuesOf(child)
}

/** The value that tells a branch from the others: of `type`, or of the first key that has one value alone. */
function kindOf({ properties = {} }: Node): unknown {
  return Object.values(properties).find((value) => value.const !== undefined)?.const
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
    return `list of ${node.items?.enum ? valuesOf(node.items) : (node.items?.type ?? (node.items?.oneOf ? 'the kinds below' : 'values'))}${shown}`
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
