import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startVault } from '../hub/vault.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { inspectTag } from '../pipelines/publish/images.ts'
import { toolPath } from '../tools/find.ts'
import { type BundlePlace, bundlePlace } from './bundle-place.ts'
import { demoRecipe, ingot, type Workplace } from './ingot.ts'

// The demo's image goes over an air gap: bundled here, loaded and asked where no packet can leave.

const run = promisify(execFile)
const scripts = resolve(import.meta.dirname, '../../.github/scripts')
let all: BundlePlace
let place: Workplace
let site: string
let bundle: string
let digest: string

beforeAll(async () => {
  toolPath('podman')
  all = await bundlePlace('--part-size', '40MB')
  ;({ place, site, bundle, digest } = all)
})

afterAll(async () => {
  await run('umount', [join(site, 'podman/overlay')]).catch(() => undefined)
  await all.close()
})

test('an image that no boot verified goes neither into a bundle nor into a registry, unless it is asked for', async () => {
  const bundled = await ingot(['bundle', demoRecipe, '--to', join(site, 'never')], place)
  expect(bundled).toMatchObject({ code: 1, stderr: expect.stringContaining('"not booted"') })
  const published = await ingot(['publish', demoRecipe, '--to', '127.0.0.1:1/never'], place)
  expect(published).toMatchObject({ code: 1, stderr: expect.stringContaining('"not booted"') })
})

test('podman loads it without a network, the server starts hardened and gives tokens', async () => {
  const unpacked = join(site, 'unpacked')
  const checked = { env: { ...process.env, ...cosignInPath() } }
  await run('sh', [join(bundle, 'load.sh'), '--unpack', unpacked, '--key', all.keys.public], checked)
  const [, name = ''] = (await readFile(join(unpacked, 'IMAGES'), 'utf8')).trim().split(' ')
  const { stdout } = await run('unshare', ['--net', '--mount', 'sh', await siteScript(unpacked, name)])
  expect(stdout).toContain(`routes 0\n`)
  expect(stdout).toContain(`${name} ${digest}\n`)
  expect(stdout).toContain(`loaded ${digest}\n`)
  const answer = JSON.parse(stdout.split('answer ')[1] ?? '')
  expect(answer.model).toBe('smollm2-135m-instruct')
  expect(answer.usage.completion_tokens).toBeGreaterThan(0)
})

/** cosign as a person at the site has it. */
function cosignInPath(): NodeJS.ProcessEnv {
  return { PATH: `${dirname(place.environment['INGOT_COSIGN'] ?? '')}:${process.env['PATH']}` }
}

/**
 * What a person types at the site, where `docker` is podman: the bundle's own run file starts the server. The limits are this lab's:
 * its root may not raise them.
 */
async function siteScript(folder: string, name: string): Promise<string> {
  const tools = join(site, 'bin')
  await mkdir(tools)
  const podman = join(tools, 'podman')
  const options = `--root ${site}/podman --runroot ${site}/podman-run --cgroup-manager cgroupfs --events-backend file --runtime runc`
  await writeFile(podman, `#!/bin/sh\nexec /usr/bin/podman ${options} "$@"\n`)
  await chmod(podman, 0o755)
  await symlink(podman, join(tools, 'docker'))
  const settings = join(site, 'containers.conf')
  await writeFile(settings, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
  const script = join(site, 'site.sh')
  await writeFile(
    script,
    `set -eu
export PATH=${tools}:${cosignInPath()['PATH']} CONTAINERS_CONF=${settings}
ip link set lo up
echo routes $(ip route | wc -l)
sh ${folder}/load.sh --tool podman --key ${all.keys.public}
echo loaded $(podman image inspect --format '{{.Digest}}' ${name})
sh ${folder}/run-files/smollm2-135m-llama-cpp.sh > /dev/null
trap 'podman rm --force smollm2-135m-llama-cpp > /dev/null' EXIT
waited=0
until curl -sf http://127.0.0.1:8080/health > /dev/null; do
  waited=$((waited + 1))
  [ $waited -lt 120 ] || { podman logs smollm2-135m-llama-cpp; exit 1; }
  sleep 1
done
printf 'answer '
curl -sf http://127.0.0.1:8080/v1/chat/completions \\
  -d '{"model":"smollm2-135m-instruct","max_tokens":8,"messages":[{"role":"user","content":"Count to twenty."}]}'
`,
  )
  return script
}

describe('into a registry of the site', () => {
  let registry: DebianRegistry

  beforeAll(async () => {
    registry = await startDebianRegistry()
    toolPath('skopeo')
  })

  afterAll(() => registry.close())

  test('skopeo copies it there with its digest', async () => {
    const env = { ...process.env, INGOT_SKOPEO_FLAGS: '--dest-tls-verify=false' }
    await run('sh', [join(bundle, 'load.sh'), '--to', `${registry.host}/llm`], { env })
    const tag = digest.slice('sha256:'.length, 'sha256:'.length + 12)
    const found = await inspectTag(registry.origin, 'llm/smollm2-135m-llama-cpp', tag)
    expect(found).toEqual({ state: 'complete', digest })
    const image = `${registry.host}/llm/smollm2-135m-llama-cpp@${digest}`
    const args = ['--key', all.keys.public, '--insecure-ignore-tlog=true', image]
    for (const act of [['verify'], ['verify-attestation', '--type', 'slsaprovenance1']])
      await run(place.environment['INGOT_COSIGN'] ?? '', [...act, ...args])
  })

  test('a password that only Dagger reads logs in; without one no engine is asked', async () => {
    const password = 'sesame-0451'
    const locked = await startDebianRegistry(password)
    const vault = await startVault('vault-login', { 'registry/push': { password } })
    onTestFinished(async () => {
      await locked.close()
      await vault.close()
    })
    const to = `${locked.host}/vault`
    const publish = (uri: string, given: NodeJS.ProcessEnv) => {
      const environment = {
        ...place.environment,
        VAULT_ADDR: vault.url,
        VAULT_TOKEN: 'vault-login',
        ...given,
      }
      const login = ['--username', 'robot', '--password-from', uri]
      return ingot(['publish', demoRecipe, '--to', to, '--unverified', ...login], { ...place, environment })
    }
    const nowhere = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///nonexistent/engine.sock' }
    expect(await publish('vault://registry/push.password', nowhere)).toMatchObject({ code: 3 })
    const missing = await publish('vault://registry/none.password', {})
    expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining('vault://registry/none') })
    const authorization = `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`
    const found = () => inspectTag(locked.origin, 'vault', 'latest', { authorization })
    expect(await found()).toEqual({ state: 'absent' })
    const published = await publish('vault://registry/push.password', {})
    expect(published.code, published.stderr).toBe(0)
    expect(await found()).toEqual({ state: 'complete', digest })
    expect(vault.reads).toBe(1)
    expect(await publish('env://PUSH', { ...nowhere, PUSH: password })).toMatchObject({ code: 0 })
    expect(published.stdout + published.stderr).not.toContain(password)
  })

  test('the steps of a release: what was published beside it is found, and an unverified image is not released', async () => {
    const repository = `${registry.host}/release`
    const published = await ingot(
      ['publish', demoRecipe, '--to', repository, '--tag', 'candidate-1', '--unverified'],
      place,
    )
    expect(published.code, published.stderr).toBe(0)
    const tools = (['crane', 'regctl', 'jq'] as const).map(toolPath)
    const env = {
      ...process.env,
      PATH: `${tools.map((tool) => dirname(tool)).join(':')}:${process.env['PATH']}`,
      HOME: site,
      GITHUB_OUTPUT: '',
      INGOT_REPOSITORY: repository,
      INGOT_CANDIDATE: 'candidate-1',
      INGOT_DIGEST: digest,
      INGOT_TAGS: 'v1 stable',
      INGOT_PREDICATES: join(site, 'predicates'),
    }
    await run('regctl', ['registry', 'set', registry.host, '--tls', 'disabled', '--skip-check'], { env })
    const step = (name: string) => run('sh', [join(scripts, name)], { env })
    expect((await step('resolve.sh')).stdout).toContain(`digest=${digest}\n`)
    await expect(step('predicates.sh')).rejects.toMatchObject({
      stderr: expect.stringContaining('did not pass its boot'),
    })
    const provenance = JSON.parse(await readFile(join(site, 'predicates/provenance.json'), 'utf8'))
    expect(provenance.runDetails.metadata).toMatchObject({ ingot_publishedUnverified: true })
    expect(provenance.buildDefinition.resolvedDependencies.length).toBeGreaterThan(1)
    await step('promote.sh')
    for (const tag of ['v1', 'stable'])
      expect((await inspectTag(registry.origin, 'release', tag)).digest).toBe(digest)
  })
})
