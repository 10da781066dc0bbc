import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchFolder } from './scratch.ts'

// The script that starts ingot, in a checkout of its own: what a newcomer has before and after `npm ci`.

const run = promisify(execFile)
const script = resolve(import.meta.dirname, '../bin/ingot')

async function checkout(): Promise<string> {
  const folder = join(await scratchFolder(), 'above', 'clone')
  await mkdir(join(folder, 'bin'), { recursive: true })
  await mkdir(join(folder, 'pipelines'))
  await cp(script, join(folder, 'bin/ingot'))
  await writeFile(join(folder, 'pipelines/cli.ts'), "console.log('started')\n")
  return folder
}

test('a clone without dependencies is told what to run, without a stack', async () => {
  const folder = await checkout()
  const failed: unknown = await run(join(folder, 'bin/ingot'), ['list']).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 3, stdout: '' })
  expect(failed).toMatchObject({
    stderr: `ingot: could not start\n  found: its dependencies are not installed in ${folder}\n  to do: run \`npm ci\` there, once\n`,
  })
})

test.each(['.', '..'])('dependencies in %s are found', async (where) => {
  const folder = await checkout()
  await mkdir(join(folder, where, 'node_modules/zod'), { recursive: true })
  expect(await run(join(folder, 'bin/ingot'), ['list'])).toMatchObject({ stdout: 'started\n' })
})
