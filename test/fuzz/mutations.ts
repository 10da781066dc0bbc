import type { Random } from '../images/memory/random.ts'

/** Values that somebody may write in place of any other. */
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2,
  4097,
  70_000,
  1_048_576,
  10_485_760,
  1e9,
  1e12,
  1e308,
  -0,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  '',
  ' ',
  'banana',
  '0x10',
  '1e9',
  '5 parsecs',
  '9999999999999999999999GiB',
  '\u0000',
  '../../etc/passwd',
  '/',
  '~',
  '$HOME',
  "'; rm -rf / #",
  'x'.repeat(300),
  '漢字 é 🙂 \u202e',
  '\ud800',
  'line\nbreak',
  '__proto__',
  '[',
  '**/**/**/**/**/*.safetensors',
  '{a,b}{c,d}{e,f}{g,h}',
  '(a+)+$',
  [],
  [null],
  [[[[]]]],
  {},
  { __proto__: 1, constructor: 2 },
  { toString: null },
]

type Container = Record<string, unknown> | unknown[]

/** Changes one place of a JSON value, at any depth: another type, a key gone, doubled or misspelt, a list longer. */
export function mutateValue(value: unknown, random: Random): unknown {
  const copy = structuredClone(value)
  const places = containersIn(copy)
  if (places.length === 0) return random.pick(oddValues)
  changeOne(random.pick(places), random)
  return copy
}

function containersIn(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return []
  // Any object is one of the two.
  const container = value as Container
  return [container, ...Object.values(container).flatMap(containersIn)]
}

function changeOne(place: Container, random: Random): void {
  if (Array.isArray(place)) {
    changeList(place, random)
    return
  }
  const keys = Object.keys(place)
  if (keys.length === 0) {
    place['unknown'] = random.pick(oddValues)
    return
  }
  const key = random.pick(keys)
  const change = random.below(5)
  const value = place[key]
  if (change === 0) delete place[key]
  else if (change === 1) place[misspelt(key, random)] = value
  else if (change === 2) place[random.pick(keys)] = value
  else place[key] = oddLike(value, random)
}

function changeList(place: unknown[], random: Random): void {
  const change = random.below(4)
  if (change === 0) place.splice(random.below(place.length + 1), 0, random.pick(oddValues))
  else if (change === 1) place.splice(random.below(place.length + 1), 1)
  else if (change === 2) place.push(...place)
  else place.reverse()
}

/** Mostly of the same type, since any other is refused at the door. */
function oddLike(value: unknown, random: Random): unknown {
  const alike = oddValues.filter((odd) => typeof odd === typeof value)
  return random.pick(alike.length > 0 && random.below(3) > 0 ? alike : oddValues)
}

/** Sets a key that a schema knows, present or not, to something. */
export function setKey(value: unknown, path: readonly string[], random: Random): unknown {
  const copy = structuredClone(value)
  let place: unknown = copy
  for (const [depth, key] of path.entries()) {
    if (typeof place !== 'object' || place === null) return copy
    // Any object can be asked for a key.
    const members = place as Record<string, unknown>
    if (depth === path.length - 1)
      members[key] = oddLike(members[key] ?? random.pick([1, '', true, []]), random)
    else members[key] ??= {}
    place = members[key]
  }
  return copy
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>
  oneOf?: SchemaNode[]
  anyOf?: SchemaNode[]
}

/** Every key that a JSON schema of an object knows, by its path. */
export function keysOf(schema: unknown, path: readonly string[] = []): string[][] {
  // JSON Schema as zod writes it.
  const node = schema as SchemaNode
  const branches = [...(node.oneOf ?? []), ...(node.anyOf ?? [])].flatMap((one) => keysOf(one, path))
  const own = Object.entries(node.properties ?? {}).flatMap(([key, member]) => [
    [...path, key],
    ...keysOf(member, [...path, key]),
  ])
  return [...own, ...branches]
}

function misspelt(word: string, random: Random): string {
  const at = random.below(word.length + 1)
  return word.slice(0, at) + random.pick(['', 'x', ' ', 'é', '-', '.']) + word.slice(at + random.below(2))
}

/** Changes the text of a file as editors, merges, broken disks and people do. */
export function mutateText(text: string, random: Random): string {
  const lines = text.split('\n')
  const at = random.below(lines.length)
  const change = random.pick(textChanges)
  return change(text, lines, at, random)
}

type TextChange = (text: string, lines: readonly string[], at: number, random: Random) => string

const textChanges: readonly TextChange[] = [
  (text, _lines, _at, random) => text.slice(0, random.below(text.length + 1)),
  (_text, lines, at) => [...lines.slice(0, at), ...lines.slice(at + 1)].join('\n'),
  (_text, lines, at) => [...lines.slice(0, at + 1), ...lines.slice(at)].join('\n'),
  (_text, lines, at) =>
    [
      ...lines.slice(0, at),
      '<<<<<<< HEAD',
      lines[at] ?? '',
      '=======',
      `${lines[at] ?? ''}x`,
      '>>>>>>> theirs',
      ...lines.slice(at + 1),
    ].join('\n'),
  (_text, lines, at, random) => {
    const line = lines[at] ?? ''
    const key = /^(\s*-?\s*[\w"]+:)/.exec(line)?.[1] ?? line
    const odd = random.pick(oddValues)
    return [...lines.slice(0, at), `${key} ${JSON.stringify(odd)}`, ...lines.slice(at + 1)].join('\n')
  },
  (_text, lines, at, random) => {
    const line = lines[at] ?? ''
    const key = /^(\s*-?\s*[\w"]+:)/.exec(line)?.[1] ?? 'key:'
    return [...lines.slice(0, at), `${key} ${random.pick(yamlOddities)}`, ...lines.slice(at + 1)].join('\n')
  },
  (_text, lines, at, random) =>
    [
      ...lines.slice(0, at),
      `${random.pick([' ', '\t', '   '])}${lines[at] ?? ''}`,
      ...lines.slice(at + 1),
    ].join('\n'),
  (text, _lines, _at, random) => {
    const start = random.below(text.length + 1)
    return (
      text.slice(0, start) +
      random.pick(['\u0000', '\ufeff', '\ufffd', '{', '"', ':', '\r', '\u2028']) +
      text.slice(start)
    )
  },
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => `${text}\n---\n${text}`,
  (text) => `[${text}]`,
  // As a program writes it that went wrong.
  (_text, lines, at) => {
    const indent = /^\s*/.exec(lines[at] ?? '')?.[0] ?? ''
    const many = Array.from({ length: 3000 }, (_, index) => `${indent}key${index}: value`)
    return [...lines.slice(0, at + 1), ...many, ...lines.slice(at + 1)].join('\n')
  },
  () => '',
]

const yamlOddities = [
  '&a [*a]',
  '*nowhere',
  '&a {x: &b [1, 2], y: *b}',
  '!!binary aGVsbG8=',
  '!!python/object:os.system x',
  '!!float 1',
  '!unknown x',
  '{<<: {a: 1}}',
  '? [complex]',
  '|\n    text',
  '>-',
  '2026-01-01',
  'yes',
  '~',
  '.inf',
  '-.nan',
  '0o17',
  '1_000',
  '"\\x00"',
  '[[[[[[[[[[1]]]]]]]]]]',
  '{a: {b: {c: {d: 1}}}}',
  '%YAML 1.2',
  '@reserved',
  '- - - x',
]

/** One to three mutations of a text. */
export function mutated(text: string, random: Random): string {
  let result = text
  for (let left = 1 + random.below(3); left > 0; left -= 1) result = mutateText(result, random)
  return result
}
