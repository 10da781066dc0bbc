import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { diskFileFrom } from '../hub/disk.ts'
import { demoRecipe, ingot, newWorkplace, type Run, type Workplace } from './ingot.ts'

vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 })

const page = readFileSync(resolve(import.meta.dirname, '../../docs/tutorial.md'), 'utf8')
const modelFile = 'SmolLM2-135M-Instruct.Q4_1.gguf'

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
  const { content, remove } = await diskFileFrom(readFileSync(demoRecipe, 'utf8'))
  const parts: Uint8Array[] = []
  for await (const part of content.read(0, content.sizeBytes)) parts.push(part)
  await writeFile(join(place.folder, modelFile), Buffer.concat(parts))
  await remove()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** Command lines of the page's blocks that need nothing but the file, as a shell splits them. */
const commands = [...page.matchAll(/^```\n(ingot .*)\n```$/gm)]
  .map(([, line = '']) => line)
  .filter((line) => !line.includes('Qwen/'))
  .map((line) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].slice(1).map(([, quoted, plain]) => quoted ?? plain ?? ''),
  )

test('from an empty folder to an answer of one’s own file in three commands, as the tutorial has them', async () => {
  expect(commands.map(([name]) => name)).toEqual(['init', 'build', 'run'])
  const runs: Run[] = []
  for (const command of commands) {
    const run = await ingot(command, place)
    expect(run.code, run.stderr).toBe(0)
    runs.push(run)
  }
  expect(runs[0]?.stdout).toContain('wrote mine.yaml: llama.cpp serves SmolLM2-135M-Instruct (Q4_1)')
  expect(runs[1]?.stdout).toContain('verified: ')
  expect(runs[2]?.stdout).toContain('Paris')
})
