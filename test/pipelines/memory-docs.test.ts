import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { planMemoryOf } from '../../pipelines/memory/memory.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import configs from '../images/memory/configs.json' with { type: 'json' }

const pageOf = (name: string) => readFileSync(resolve(import.meta.dirname, '../../docs', name), 'utf8')
const page = pageOf('memory.md')
const advice = pageOf('advice.md')
const folder = mkdtempSync(join(tmpdir(), 'ingot-memory-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Example {
  command: string
  keys: string[]
  output: string[]
}

/** Commands of the page's console blocks, each with the lines under it. */
function examplesOf(text: string): Example[] {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
  return blocks.flatMap((block) =>
    block
      .split(/^\$ ingot memory /m)
      .slice(1)
      .map((part) => {
        const [line = '', ...output] = part.trim().split('\n')
        const [command = '', keys = ''] = line.split(' | pick ')
        return { command, keys: keys.split(' '), output }
      }),
  )
}

function argumentsOf(command: string): string[] {
  return command.replace(/<\(config ([^)]+)\)/g, (_whole, name: string) => configFile(name)).split(' ')
}

function configFile(name: string): string {
  const known = Object.entries(configs).find(([key]) => key === name)
  if (!known) throw new Error(`no configuration ${name}`)
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(known[1]))
  return file
}

function valueAt(plan: unknown, path: string): unknown {
  let value = plan
  for (const part of path.split('.')) value = Object(value)[part]
  return value
}

test.each([page, advice].flatMap(examplesOf))('$command', async ({ command, keys, output }) => {
  let out = ''
  const io = {
    stdout: (text: string) => (out += text),
    stderr: (text: string) => (out += text),
    settings: readSettings({}),
  }
  await planMemoryOf(argumentsOf(command), io)
  const plan: unknown = JSON.parse(out)
  expect(keys.map((key) => `${key} ${valueAt(plan, key)}`)).toEqual(output)
})

test('the page has an example for every formula', () => {
  expect(examplesOf(page).length).toBeGreaterThanOrEqual(24)
  expect(examplesOf(advice)).toHaveLength(4)
})
