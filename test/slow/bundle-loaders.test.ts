import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BundlePlace, bundlePlace } from '../e2e/bundle-place.ts'
import { toolPath } from '../tools/find.ts'

// `docker load` and `ctr images import` by daemons of their own, in a network namespace without a route. Podman and skopeo
// have their turn in test/e2e/bundle.test.ts.

const run = promisify(execFile)
let all: BundlePlace

beforeAll(async () => {
  all = await bundlePlace()
})

afterAll(() => all.close())

/** Runs a script beside this file where no packet can leave; its mounts and processes end with it. */
async function atSite(script: string, tools: readonly Parameters<typeof toolPath>[0][]): Promise<string> {
  const folders = tools.map((tool) => dirname(toolPath(tool)))
  const scratch = join(all.site, script)
  await mkdir(scratch)
  const away = [
    '--net',
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ]
  const { stdout } = await run(
    'unshare',
    [...away, 'sh', join(import.meta.dirname, script), all.bundle, scratch],
    {
      env: { ...process.env, PATH: `${folders.join(':')}:${process.env['PATH']}` },
    },
  )
  expect(stdout).toContain('routes 0\n')
  return stdout
}

const imageLine = () =>
  `image localhost/smollm2-135m-llama-cpp:${all.digest.slice('sha256:'.length, 'sha256:'.length + 12)} ${all.digest}\n`

test('containerd imports it under its digest, starts it read-only and it gives tokens', async () => {
  const stdout = await atSite('load-into-containerd.sh', [
    'containerd',
    'containerd-shim-runc-v2',
    'ctr',
    'runc',
  ])
  expect(stdout).toContain(imageLine())
  const { usage } = JSON.parse(stdout.split('answer ')[1] ?? '')
  expect(usage.completion_tokens).toBeGreaterThan(0)
})

test('Docker Engine loads it under its digest', async () => {
  const stdout = await atSite('load-into-docker.sh', [
    'dockerd',
    'containerd',
    'containerd-shim-runc-v2',
    'runc',
  ])
  expect(stdout).toContain(imageLine())
})
