import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../scratch.ts'
import { toolFolder } from '../tools/find.ts'

// The client that ingot depends on, and newer ones, on the engine that is here: what a session is used for works with each,
// and the sources fit its types.

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

const clients: [version: string, folder: () => string][] = [
  ['0.21.8', () => root],
  ['0.21.9', () => toolFolder('dagger-0.21.9')],
  ['1.0.0-beta.14', () => toolFolder('dagger-1.0.0-beta.14')],
]

describe.each(clients)('Dagger’s client %s', (version, place) => {
  test('is the one that is tried', () => {
    const file = join(place(), 'node_modules/@dagger.io/dagger/package.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version })
  })

  test('opens a session, runs commands, reaches this process and a container’s port, and says what failed', async () => {
    const hook = join(import.meta.dirname, 'other-dagger-client.ts')
    const program = join(import.meta.dirname, 'dagger-session.ts')
    const { stdout } = await run(process.execPath, ['--import', hook, program], {
      env: { ...process.env, INGOT_TEST_DAGGER_CLIENT: place() },
      timeout: 300_000,
    })
    expect(JSON.parse(stdout)).toEqual({
      said: 'hello\n',
      asked: expect.stringContaining('from this process'),
      tunnel: 'from a container',
      failed: 'exit code 7\n  no luck',
    })
  })

  test('has the types that the sources are written for', async () => {
    const types = join(place(), 'node_modules/@dagger.io/dagger/dist/src/index.d.ts')
    const project = join(await scratchFolder(), 'tsconfig.json')
    writeFileSync(
      project,
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          typeRoots: [join(root, 'node_modules/@types')],
          paths: { '@dagger.io/dagger': [types] },
        },
        include: [join(root, 'pipelines')],
      }),
    )
    const compiler = join(root, 'node_modules/.bin/tsc')
    const { stdout } = await run(compiler, ['--project', project, '--listFiles'], { maxBuffer: 64e6 })
    expect(
      stdout.split('\n').filter((file) => file.includes('@dagger.io/dagger/dist/src/index.d.ts')),
    ).toEqual([types])
  })
})
