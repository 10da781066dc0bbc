import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import type { RunFacts, WeightsMount } from '../../../images/run-files/facts.ts'
import { runFileFor } from '../../../images/run-files/generate.ts'
import { runName } from '../../../images/run-files/name.ts'
import { anywhere, type Placement } from '../../../images/run-files/placement.ts'
import { fileTargets } from '../../../images/run-files/targets.ts'
import { pythonPath, toolPath } from '../../tools/find.ts'
import { kubernetesSchemas } from './schemas.ts'

const run = promisify(execFile)
const digest = `sha256:${'0f'.repeat(32)}`

const names = ['a', '7b', '3.5-sonata_x', 'x'.repeat(90), 'null', 'true', 'a.b', 'llama-3.1-8b', '1e3', 'y']
const mounts: WeightsMount[] = [
  { type: 'none' },
  { type: 'folder', folder: '/models/llama', sizeBytes: 141e9 },
  { type: 'volume', folder: '/models/hub', sizeBytes: 16e9 },
  { type: 'image', folder: '/models/a', reference: `registry.example/a-weights@${digest}` },
]

const everything: Placement = {
  devices: [1, 3],
  hasSelinux: true,
  claim: 'models.llama',
  nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-H200', 'gpu-node': 'true', empty: '' },
  tolerations: [
    { key: 'nvidia.com/gpu' },
    { key: 'dedicated', value: '1e3', effect: 'NoSchedule' },
    { key: 'spot', effect: 'NoExecute' },
  ],
  runtimeClass: 'nvidia',
  pullSecrets: ['registry', '1.5'],
  secretVariables: [
    { variable: 'LLAMA_API_KEY', secret: 'llama', key: 'api_key' },
    { variable: 'NO', secret: '1', key: 'on' },
  ],
}

const { devices: _, claim: __, runtimeClass: ___, ...some } = everything
const placements: Placement[] = [anywhere, everything, some, { ...anywhere, hasSelinux: true }]

/** Every kind of weights at every placement, with names, ports and numbers of GPUs that change at another pace. */
const cases = mounts.flatMap((weights, row) =>
  placements.map((placement, column): [RunFacts, Placement] => {
    const at = row * placements.length + column
    const facts: RunFacts = {
      name: `${runName(names[at % names.length] ?? 'a').slice(0, 55)}-${at}`,
      image: `registry.example/llm/a@${digest}`,
      version: '0.7.0',
      model: 'a',
      port: [80, 8080, 30_000][at % 3] ?? 80,
      question: 'curl http://127.0.0.1:8080/v1/models\n',
      healthPath: '/health',
      own: { command: ['/server'], environment: {}, modelFolder: '/models/a' },
      healthVariables: at % 2 === 0 ? {} : { SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION: 'false' },
      variables: [],
      gpus: placement.devices?.length ?? [0, 1, 8][at % 3] ?? 0,
      sharedMemoryBytes: 64 * 1024 ** 2 * (at + 1),
      weights,
      ...(at % 2 === 0 && { memoryLimitBytes: 512 * 1024 ** 2, readySeconds: at }),
      startSeconds: 60 + at * 100,
      stopSeconds: 30 + at,
      origins: ['Memory: from a boot.'],
    }
    return [facts, placement]
  }),
)

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-placement-'))
  for (const target of fileTargets) {
    await mkdir(join(folder, target))
    for (const [facts, placement] of cases) {
      const { name, content } = runFileFor(target, facts, placement)
      await writeFile(join(folder, target, name), content)
    }
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function pathOf(target: (typeof fileTargets)[number], facts: RunFacts): string {
  return join(folder, target, runFileFor(target, facts).name)
}

const secrets = { LLAMA_API_KEY: 'k', NO: 'n' }

test('kubernetes: the schemas take all, and each says what was named', async () => {
  const args = ['-strict', '-output', 'json', '-summary', '-schema-location', kubernetesSchemas()]
  const { stdout } = await run(toolPath('kubeconform'), [...args, join(folder, 'kubernetes')])
  expect(JSON.parse(stdout).summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 })
  for (const [facts, placement] of cases) {
    const documents = parseAllDocuments(await readFile(pathOf('kubernetes', facts), 'utf8'))
    const pod = documents[0]?.toJS().spec.template.spec
    expect(pod.nodeSelector ?? {}).toEqual(placement.nodeSelector)
    expect(pod.tolerations ?? []).toHaveLength(placement.tolerations.length)
    expect(pod.runtimeClassName).toBe(placement.runtimeClass)
    expect(pod.imagePullSecrets ?? []).toEqual(placement.pullSecrets.map((name) => ({ name })))
    const isMounted = facts.weights.type === 'folder' || facts.weights.type === 'volume'
    expect(documents).toHaveLength(isMounted && placement.claim === undefined ? 4 : 3)
    // The schema asks nothing of a claim or an image of a volume: one name must be there, and that of the claim.
    const volume = pod.volumes.find(({ name }: { name: string }) => name === 'weights')
    const claimName = placement.claim ?? `${facts.name}-weights`
    if (isMounted) expect(volume.persistentVolumeClaim).toEqual({ claimName, readOnly: true })
    if (facts.weights.type === 'image') expect(volume.image.reference).toBe(facts.weights.reference)
  }
}, 60_000)

test('quadlet: the generator takes all, and systemd the units', async () => {
  const made = join(folder, 'units')
  await mkdir(made)
  const env = { ...process.env, QUADLET_UNIT_DIRS: join(folder, 'quadlet') }
  await run(toolPath('quadlet'), ['-no-kmsg-log', made, made, made], { env })
  for (const [facts, placement] of cases) {
    const unit = await readFile(join(made, `${facts.name}.service`), 'utf8')
    for (const index of placement.devices ?? []) expect(unit).toContain(`--device nvidia.com/gpu=${index}`)
    for (const { variable } of placement.secretVariables)
      expect(unit).toContain(`type=env,target=${variable}`)
    expect(/:ro,z /.test(unit)).toBe(placement.hasSelinux && facts.weights.type === 'folder')
  }
}, 60_000)

test('compose: the parser of docker compose takes all', async () => {
  for (const [facts, placement] of cases) {
    // This program reads no environment; `docker compose` makes the same replacement.
    const text = await readFile(pathOf('compose', facts), 'utf8')
    const path = join(folder, 'replaced.yaml')
    await writeFile(
      path,
      text.replaceAll(/\$\{INGOT_WEIGHTS:[^}]*\}/g, '/srv').replaceAll(/\$\{\w+:[^}]*\}/g, 'k'),
    )
    const { stdout } = await run(toolPath('cmd'), [path])
    const service = parseYaml(stdout).services[facts.name]
    expect(service.devices ?? []).toHaveLength(facts.gpus)
    expect(Object.keys(service.environment ?? {})).toHaveLength(placement.secretVariables.length)
  }
}, 120_000)

/** The command that podman-compose would run. A dry run makes a network all the same: in a folder of its own here. */
async function createCommand(facts: RunFacts): Promise<string> {
  const python = pythonPath('podman-compose')
  const settings = join(folder, 'containers.conf')
  await writeFile(settings, `[network]\nnetwork_config_dir = "${join(folder, 'networks')}"\n`)
  const args = ['-m', 'podman_compose', '--podman-path', toolPath('podman'), '--verbose', '--dry-run']
  const { stderr } = await run(python, [...args, '-f', pathOf('compose', facts), 'up', '--detach'], {
    env: { ...process.env, ...secrets, INGOT_WEIGHTS: folder, CONTAINERS_CONF: settings },
  })
  return /^.*podman create .*$/m.exec(stderr)?.[0] ?? stderr
}

// A volume would have to exist.
const forPodman = cases.filter(([{ weights }]) => weights.type !== 'volume')

test.each(forPodman)(
  'compose: podman-compose reads GPUs, labels and secrets of $name',
  async (facts, placement) => {
    const command = await createCommand(facts)
    const indexes = placement.devices ?? Array.from({ length: facts.gpus }, (_, index) => index)
    expect([...command.matchAll(/--device (\S+)/g)].map(([, name]) => name)).toEqual(
      indexes.map((index) => `nvidia.com/gpu=${index}`),
    )
    expect(command).toContain('--read-only')
    for (const { variable } of placement.secretVariables) expect(command).toContain(`-e ${variable}=`)
    if (facts.weights.type === 'folder')
      expect(command).toContain(`${folder}:${facts.weights.folder}:ro${placement.hasSelinux ? ',z' : ''} `)
  },
  60_000,
)

test('docker: its client reads every option, and finds no daemon only afterwards', async () => {
  const env = { ...process.env, ...secrets, INGOT_WEIGHTS: folder, DOCKER_HOST: `unix://${folder}/none.sock` }
  const path = [join(toolPath('docker'), '..'), process.env['PATH']].join(':')
  // Debian's client is older than `image-subpath`.
  const known = cases.filter(([{ weights }]) => weights.type !== 'image')
  for (const [facts] of known) {
    const failed = await run('sh', [pathOf('docker', facts)], { env: { ...env, PATH: path } }).catch(String)
    expect(failed).toMatch(/connect to the docker/i)
  }
  const [facts, placement] = cases[1] ?? []
  if (facts === undefined || placement === undefined) throw new Error('no case')
  const text = runFileFor('docker', facts, placement).content
  expect(text).toContain(`--gpus '"device=1,3"'`)
  const wrong = join(folder, 'wrong.sh')
  await writeFile(wrong, text.replace(`'"device=1,3"'`, 'some'))
  const failed = await run('sh', [wrong], { env: { ...env, PATH: path } }).catch(String)
  expect(failed).not.toMatch(/connect to the docker/i)
}, 60_000)

test('docker: a secret that the caller has not stops the script with its name', async () => {
  const [facts] = cases[1] ?? []
  if (facts === undefined) throw new Error('no case')
  const failed = run('sh', [pathOf('docker', facts)], { env: { PATH: process.env['PATH'] } })
  await expect(failed).rejects.toThrow('LLAMA_API_KEY')
})
