import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { usualRunner } from '../../../pipelines/run/choose-runner.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { scratchFolder } from '../../scratch.ts'

// Clients of container tools as they lie on many machines: installed, with a service behind them or without.

const program = resolve(import.meta.dirname, '../../../bin/ingot')

async function environmentWith(tools: Record<string, 'answers' | 'is silent'>): Promise<NodeJS.ProcessEnv> {
  const folder = await scratchFolder()
  for (const [name, state] of Object.entries(tools)) {
    const says = state === 'answers' ? 'exit 0' : 'echo "Cannot connect to the daemon" >&2; exit 1'
    await writeFile(join(folder, name), `#!/bin/sh\n[ "$1" = info ] || exit 0\n${says}\n`)
    await chmod(join(folder, name), 0o755)
  }
  return {
    PATH: [folder, '/usr/bin', '/bin'].join(delimiter),
    HOME: folder,
    INGOT_STORE: join(folder, 'store'),
  }
}

async function doctor(environment: NodeJS.ProcessEnv): Promise<string> {
  const ended = promisify(execFile)(program, ['doctor'], { env: environment, timeout: 60_000 })
  return ended.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )
}

test('doctor calls a Docker without a service absent, and says how to see why', async () => {
  const said = await doctor(await environmentWith({ docker: 'is silent', podman: 'answers' }))
  expect(said).toMatch(
    /^absent {3}docker: \S+docker is here and its service does not answer: `docker info` says why/m,
  )
  expect(said).toMatch(/^ok {7}podman: \S+podman$/m)
  expect(said).toMatch(/^ok {7}where a Dagger engine comes from: podman/m)
})

test('where no tool answers, the engine is missing, and each silent tool is named', async () => {
  const said = await doctor(await environmentWith({ docker: 'is silent', podman: 'is silent' }))
  expect(said).toMatch(
    /^MISSING {2}where a Dagger engine comes from: docker is installed and does not answer: start it; or podman/m,
  )
})

test('Podman alone is not enough: the program of Dagger that a build needs is missed with what to do', async () => {
  const environment = await environmentWith({ podman: 'answers' })
  const said = await doctor({ ...environment, _EXPERIMENTAL_DAGGER_CLI_BIN: '/nonexistent/dagger' })
  expect(said).toMatch(/^ok {7}where a Dagger engine comes from: podman/m)
  expect(said).toMatch(
    /^MISSING {2}the program of Dagger: \S+ names \/nonexistent\/dagger, which is no program; put Dagger \d\S+ there/m,
  )
})

test.skipIf(process.getuid?.() !== 0)(
  'without a network doctor says where that program would come from, and how to bring it',
  async () => {
    const env = await environmentWith({ podman: 'answers' })
    const ended = promisify(execFile)('unshare', ['--net', program, 'doctor'], { env, timeout: 60_000 })
    await expect(ended).rejects.toMatchObject({
      code: 3,
      stdout: expect.stringMatching(
        /^MISSING {2}the program of Dagger: .*dl\.dagger\.io .*cannot be reached from here; .*_EXPERIMENTAL_DAGGER_CLI_BIN$/m,
      ),
    })
  },
)

test.each([
  ['answers', 'answers', 'docker'],
  ['is silent', 'answers', 'podman'],
  ['is silent', 'is silent', 'docker'],
] as const)(
  'an image for a card runs where a service is: docker %s, podman %s',
  async (docker, podman, runner) => {
    const { programs } = readSettings(await environmentWith({ docker, podman }))
    expect(await usualRunner({ requires: { gpus: 1 } }, programs)).toBe(runner)
  },
)
