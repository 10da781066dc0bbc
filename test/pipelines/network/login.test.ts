import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { basicLogin } from '../../../pipelines/network/login.ts'

const password = 'sesame-0451'
const login = basicLogin('robot', password, 'a test')
const encoded = Buffer.from(`robot:${password}`).toString('base64')

function printed(value: unknown): string {
  let text = ''
  const stdout = new Writable({
    write(chunk, _, done) {
      text += String(chunk)
      done()
    },
  })
  const console = new Console({ stdout })
  console.log(value)
  console.log('%o %O %j %s', value, value, value, value)
  console.dir(value, { depth: null, showHidden: true })
  console.table([value])
  return text
}

const ways: [string, (value: unknown) => string][] = [
  ['console', printed],
  ['util.inspect', (value) => inspect(value, { depth: null, showHidden: true, getters: true })],
  ['util.format', (value) => format('%s %o %j', value, value, value)],
  ['JSON.stringify', (value) => JSON.stringify(value)],
  ['a template', (value) => `${value}`],
  ['its members', (value) => String(Object.entries(Object(value)).flat())],
  ['an error', (value) => inspect(new Error('x', { cause: value }))],
  ['a copy', (value) => JSON.stringify({ ...Object(value) })],
]

test.each(ways)('a login shows nothing by %s', (_, print) => {
  const values = [login, { login }, [login], new Map([['login', login]])]
  const shown = values.map(print).join('\n')
  expect(shown).not.toContain(password)
  expect(shown).not.toContain(encoded)
})

test('it is revealed where it is asked for', () => {
  expect(login.reveal()).toBe(encoded)
})
