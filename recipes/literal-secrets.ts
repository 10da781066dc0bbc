import {
  assignedSecrets,
  hasUrlPassword,
  isSecretName,
  isSecretValue,
  urlSecret,
} from '../lib/secret-names.ts'
import { tokensIn } from '../lib/token-forms.ts'

export type Key = string | number

/** A secret that stands in a recipe itself. `message` never quotes it. */
export interface LiteralSecret {
  path: Key[]
  part: 'key' | 'value'
  message: string
  hint: string
}

/** Every secret that is written into the value of a recipe, valid or not: by its form anywhere, and by its name. */
export function literalSecrets(value: unknown, path: readonly Key[] = []): LiteralSecret[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretsAt(item, [...path, index], flagBefore(value, index, path)))
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, item]) => [
    ...tokensIn(key).map((kind) => found([...path, key], 'key', `a key that is a ${kind}`)),
    ...secretsAt(item, [...path, key], namesSecrets(path) ? key : undefined),
  ])
}

/** Whether the value at this place may be quoted in a message. */
export function isShowable(path: readonly Key[], value: unknown): boolean {
  if (isNamed(path, 'serving', 'environment') || isNamed(path, 'serving', 'extraArguments')) return false
  if (isNamed(path, 'image', 'labels')) return false
  const name = path.findLast((key) => typeof key === 'string')
  if (typeof name === 'string' && isSecretName(name)) return false
  if (typeof value !== 'string') return true
  return tokensIn(value).length === 0 && !hasUrlPassword(value) && urlSecret(value) === undefined
}

/** One at most for a place: what is said first is said best. */
function secretsAt(value: unknown, path: Key[], name: string | undefined): LiteralSecret[] {
  if (typeof value !== 'string' && typeof value !== 'number') return literalSecrets(value, path)
  const text = String(value)
  const [kind] = tokensIn(text)
  if (kind !== undefined)
    return [found(path, 'value', `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind} stands in the recipe`)]
  if (hasUrlPassword(text)) return [found(path, 'value', 'an address with a password in it')]
  const parameter = urlSecret(text)
  if (parameter !== undefined)
    return [found(path, 'value', `an address with the secret of "${parameter}" in it`)]
  const isToken = path.at(-2) === 'source' && path.at(-1) === 'token'
  if (isToken && !text.includes('://')) return [found(path, 'value', 'a token stands in the recipe')]
  const [, flag, ofFlag = ''] = isNamed(path, 'serving', 'extraArguments')
    ? (/^(--?[A-Za-z][\w.-]*)=(.*)$/s.exec(text) ?? [])
    : []
  if (flag !== undefined && isSecretName(flag) && isSecretValue(flag, ofFlag))
    return [found(path, 'value', `the value of "${flag}" is a secret, and it stands in the recipe`)]
  if (name !== undefined && isSecretName(name) && isSecretValue(name, text))
    return [found(path, 'value', `the value of "${name}" is a secret, and it stands in the recipe`)]
  const [assigned] = isText(path) ? assignedSecrets(text) : []
  return assigned === undefined
    ? []
    : [found(path, 'value', `the value of "${assigned}" is a secret, and it stands in the recipe`)]
}

/** Names of variables and labels are given by people; a key of the recipe that ends in Key or Token is none of them. */
function namesSecrets(path: readonly Key[]): boolean {
  return isNamed(path, 'serving', 'environment') || isNamed(path, 'image', 'labels')
}

/** Where one text may hold names and values: not in prompts and names of files. */
function isText(path: readonly Key[]): boolean {
  return namesSecrets(path) || isNamed(path, 'serving', 'extraArguments')
}

/** The flag whose value the item is, if the item is one. */
function flagBefore(items: readonly unknown[], index: number, path: readonly Key[]): string | undefined {
  if (!isNamed(path, 'serving', 'extraArguments')) return undefined
  const [before, item] = [items[index - 1], items[index]]
  const isFlag = (text: unknown) => typeof text === 'string' && /^--?[A-Za-z]/.test(text)
  return typeof before === 'string' && isFlag(before) && !before.includes('=') && !isFlag(item)
    ? before
    : undefined
}

function isNamed(path: readonly Key[], ...start: string[]): boolean {
  return start.every((key, index) => path[index] === key)
}

function found(path: Key[], part: 'key' | 'value', message: string): LiteralSecret {
  return { path, part, message, hint: hintFor(path) }
}

function hintFor(path: readonly Key[]): string {
  if (path.at(-2) === 'source' && path.at(-1) === 'url')
    return 'lock and provenance show the address: take one that needs no secret, or fetch the file and name its folder (type: folder); renew what was written here'
  if (isNamed(path, 'weights', 'source') || (isNamed(path, 'parts') && path.includes('source')))
    return 'write where it is kept, such as env://HF_TOKEN, file://PATH or op://VAULT/ITEM/FIELD, and renew what was written here'
  if (isNamed(path, 'serving'))
    return 'an image shows its variables and arguments to everybody: give it when the container is started (docker run --env, a Secret in Kubernetes), and renew what was written here'
  return 'recipes and images are read by others: take it out, and renew what was written here'
}
