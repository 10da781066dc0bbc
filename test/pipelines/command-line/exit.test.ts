import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const sources = ['lib', 'recipes', 'images', 'pipelines'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name)),
)

/** Answers of the store's own registry server, which end a request and never a command. */
const ofServers = ['RegistryServerErrorCode']

/** The types of codes of all error classes, such as `StageErrorCode` or `'unauthorized'`. */
const codeTypes = sources.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^export class \w+ extends (?:Ingot|Remote)Error<([^>]+)>/gm)].map(
    ([, code = '']) => code,
  ),
)

test('the compiler knows the codes of every error class, so that each has its exit code', () => {
  const exit = readFileSync(join(root, 'pipelines/command-line/exit.ts'), 'utf8')
  const named = codeTypes.filter((code) => !code.startsWith("'") && !ofServers.includes(code))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((code) => !new RegExp(`^  \\| ${code}$`, 'm').test(exit))).toEqual([])
  const literal = codeTypes.filter((code) => code.startsWith("'"))
  for (const code of literal)
    expect(exit).toMatch(new RegExp(`^  ${code.replaceAll("'", "'?")}: [123],$`, 'm'))
})
