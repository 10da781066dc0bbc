import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import type { RunFacts } from '../../../images/run-files/facts.ts'
import { runFilesFor } from '../../../images/run-files/generate.ts'
import { workersName } from '../../../images/run-files/machines.ts'
import { toolPath } from '../../tools/find.ts'
import { cpu } from './cases.ts'
import { kubernetesSchemas } from './schemas.ts'

const run = promisify(execFile)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-workers-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const facts: RunFacts = {
  ...cpu,
  apiKey: { variable: 'LLAMA_API_KEY', secret: 'smollm2-api-key', key: 'api-key' },
  weights: { type: 'folder', folder: '/models/smollm2', sizeBytes: 98e6 },
  machines: {
    count: 2,
    port: 50052,
    command: ['/usr/bin/tini', '--', '/usr/bin/env', '--ignore-signal=PIPE', '/usr/libexec/rpc-server'],
    variable: 'LLAMA_ARG_RPC',
    memoryLimitBytes: 768 * 1024 ** 2,
  },
}

const worker = 'smollm2-135m-llama-cpp-worker'

test.each(['docker', 'compose', 'quadlet', 'kubernetes'] as const)('%s: as agreed', async (target) => {
  const files = runFilesFor(target, facts).map(({ name, content }) => `--- ${name}\n${content}`)
  await expect(files.join('\n')).toMatchFileSnapshot(`golden/workers.${target}`)
})

async function writeAll(target: 'docker' | 'compose' | 'quadlet' | 'kubernetes', place: string) {
  const files = runFilesFor(target, facts)
  for (const { name, content } of files) await writeFile(join(place, name), content)
  return files.map(({ name }) => join(place, name))
}

test('docker: a shell reads both, and nothing starts without the addresses', async () => {
  const files = await writeAll('docker', folder)
  expect(files).toHaveLength(2)
  for (const file of files) await run('sh', ['-n', file])
  const env = { PATH: '/nowhere', LLAMA_API_KEY: 'k', INGOT_WEIGHTS: '/srv' }
  await expect(run('/bin/sh', [files[0] ?? ''], { env })).rejects.toThrow(/LLAMA_ARG_RPC: HOST:50052 of each/)
  await expect(run('/bin/sh', [files[1] ?? ''], { env })).rejects.toThrow(/INGOT_WORKER_ADDRESS: address of/)
})

test('compose: the parser of docker compose takes the worker, confined as the server is', async () => {
  const [, file = ''] = await writeAll('compose', folder)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/\$\{INGOT_WORKER_ADDRESS:[^}]*\}/, '10.0.0.2'))
  const { stdout } = await run(toolPath('cmd'), [file])
  const service = parseYaml(stdout).services[worker]
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    entrypoint: facts.machines && command(),
  })
  expect(service.ports[0]).toMatchObject({ host_ip: '10.0.0.2', target: 50052 })
  expect(service.environment).toBeUndefined()
  expect(service.volumes).toBeUndefined()
})

function command(): readonly string[] {
  return facts.machines?.command ?? []
}

test('quadlet: Podman’s generator and systemd take both units', async () => {
  const units = await mkdtemp(join(folder, 'units-'))
  await writeAll('quadlet', units)
  const made = await mkdtemp(join(folder, 'made-'))
  const env = { ...process.env, QUADLET_UNIT_DIRS: units }
  await run(toolPath('quadlet'), ['-no-kmsg-log', made, made, made], { env })
  const unit = await readFile(join(made, `${worker}.service`), 'utf8')
  expect(unit).toMatch(
    /^ExecStart=.* --entrypoint \/usr\/bin\/tini .* -- \/usr\/bin\/env --ignore-signal=PIPE /m,
  )
  expect(unit).toContain('--publish 127.0.0.1:50052:50052')
  for (const name of [facts.name, worker]) {
    const verify = ['verify', '--man=no', join(made, `${name}.service`)]
    const { stdout, stderr } = await run('systemd-analyze', verify)
    expect(stdout + stderr).toBe('')
  }
}, 60_000)

test('kubernetes: kubeconform takes all objects, and workers have no weights, no key, no probe and no way out', async () => {
  const [file = ''] = await writeAll('kubernetes', folder)
  const args = ['-strict', '-summary', '-output', 'json', '-schema-location', kubernetesSchemas(), file]
  const { stdout } = await run(toolPath('kubeconform'), args)
  expect(JSON.parse(stdout).summary).toEqual({ valid: 7, invalid: 0, errors: 0, skipped: 0 })
  const all = parseAllDocuments(await readFile(file, 'utf8')).map((item) => item.toJS())
  const find = (kind: string, name: string) =>
    all.find((one) => one.kind === kind && one.metadata.name === name)
  const { template, replicas, serviceName } = find('StatefulSet', worker).spec
  expect([replicas, serviceName]).toEqual([2, worker])
  const [container] = template.spec.containers
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(Object.keys(container).sort()).toEqual([
    ...['command', 'image', 'imagePullPolicy', 'name', 'ports', 'resources', 'securityContext'],
    'volumeMounts',
  ])
  expect(JSON.stringify(template)).not.toMatch(/LLAMA_API_KEY|persistentVolumeClaim/)
  expect(find('NetworkPolicy', worker).spec).toMatchObject({
    egress: [],
    ingress: [{ ports: [{ port: 50052 }] }],
  })
  const server = find('Deployment', facts.name).spec.template.spec.containers[0]
  const value = `${worker}-0.${worker}:50052,${worker}-1.${worker}:50052`
  expect(server.env).toContainEqual({ name: 'LLAMA_ARG_RPC', value })
  expect(find('NetworkPolicy', facts.name).spec.egress).toHaveLength(2)
}, 30_000)

test.each(['a'.repeat(48), 'a'.repeat(49), `${'a'.repeat(38)}-${'b'.repeat(24)}`])(
  'names of pods of workers stay labels: %s',
  (name) => {
    const base = workersName(name)
    expect(`${base}-127`.length).toBeLessThanOrEqual(63)
    expect(base).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/)
  },
)

test('two long names of servers have two names of workers', () => {
  expect(workersName(`${'a'.repeat(60)}x`)).not.toBe(workersName(`${'a'.repeat(60)}y`))
})
