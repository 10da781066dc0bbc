import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import type { RunFacts } from '../../images/run-files/facts.ts'
import { runFilesFor } from '../../images/run-files/generate.ts'
import { anywhere, type Placement } from '../../images/run-files/placement.ts'
import type { RunTarget } from '../../images/run-files/targets.ts'
import { cases, cpu } from '../images/run-files/cases.ts'
import { kubernetesSchemas } from '../images/run-files/schemas.ts'
import { toolFolder, toolPath } from '../tools/find.ts'

const run = promisify(execFile)

const site: Placement = {
  ...anywhere,
  storageClass: 'fast',
  nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-H200', yes: 'true' },
  tolerations: [{ key: 'nvidia.com/gpu' }, { key: 'dedicated', value: '1e3', effect: 'NoSchedule' }],
  runtimeClass: 'nvidia',
  pullSecrets: ['registry'],
  secretVariables: [{ variable: 'LLAMA_API_KEY', secret: 'llama', key: 'api_key' }],
}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-clusters-'))
  for (const crd of ['inferenceservices', 'llminferenceservices'])
    await writeSchemas(join(toolFolder('kserve'), `serving.kserve.io_${crd}.yaml`))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

type Schema = { [key: string]: unknown }

/** The schemas of a definition, a version a file, as kubeconform looks for them. */
async function writeSchemas(file: string): Promise<void> {
  const { spec } = parseYaml(await readFile(file, 'utf8'))
  for (const { name, schema } of spec.versions) {
    const path = join(folder, `${spec.names.kind.toLowerCase()}-${name}.json`)
    await writeFile(path, JSON.stringify(closed(schema.openAPIV3Schema)))
  }
}

/** An API server prunes members that a definition does not have; here each is a fault. `metadata` is open in every definition. */
function closed(schema: unknown, key = ''): unknown {
  if (Array.isArray(schema)) return schema.map((item) => closed(item))
  if (schema === null || typeof schema !== 'object') return schema
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value, name)])
  const object: Schema = Object.fromEntries(entries)
  const isOpen = key === 'metadata' || object['additionalProperties'] !== undefined
  if (object['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] }
  if (isOpen || object['type'] !== 'object' || object['properties'] === undefined) return object
  return { ...object, additionalProperties: false }
}

async function written(target: RunTarget, facts: RunFacts, placement: Placement): Promise<string> {
  const place = await mkdtemp(join(folder, `${target}-`))
  const files = runFilesFor(target, facts, placement)
  for (const { name, content } of files) {
    await mkdir(dirname(join(place, name)), { recursive: true })
    await writeFile(join(place, name), content)
  }
  return target === 'helm' ? join(place, facts.name) : join(place, files[0]?.name ?? '')
}

async function conform(file: string): Promise<unknown> {
  const own = `${folder}/{{ .ResourceKind }}-{{ .ResourceAPIVersion }}.json`
  const places = ['-schema-location', kubernetesSchemas(), '-schema-location', own]
  const args = ['-strict', '-summary', '-output', 'json', ...places, file]
  const { stdout } = await run(toolPath('kubeconform'), args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout).summary
}

async function rendered(chart: string, values: readonly string[] = []): Promise<string> {
  const args = ['template', 'first', chart, '--namespace', 'llm', ...values.flatMap((one) => ['--set', one])]
  const { stdout } = await run(toolPath('helm'), args)
  const file = join(dirname(chart), 'rendered.yaml')
  await writeFile(file, stdout)
  return file
}

const isMounted = ({ weights }: RunFacts) => weights.type === 'folder' || weights.type === 'volume'
const placements = { anywhere, 'a site': site } as const

describe.each(Object.entries(cases))('%s', (_, facts) => {
  test.each(Object.entries(placements))(
    'KServe takes both kinds by its own definitions, for %s',
    async (__, placement) => {
      const valid = isMounted(facts) ? 3 : 2
      for (const target of ['kserve', 'kserve-llm'] as const) {
        const summary = await conform(await written(target, facts, placement))
        expect(summary).toEqual({ valid, invalid: 0, errors: 0, skipped: 0 })
      }
    },
  )

  test.each(Object.entries(placements))(
    'helm lints the chart, and Kubernetes takes what it renders, for %s',
    async (__, placement) => {
      const chart = await written('helm', facts, placement)
      await run(toolPath('helm'), ['lint', '--strict', chart])
      const file = await rendered(chart)
      const valid = isMounted(facts) ? 4 : 3
      expect(await conform(file)).toEqual({ valid, invalid: 0, errors: 0, skipped: 0 })
    },
  )

  test('the chart renders the pod of the Kubernetes file', async () => {
    const podOf = (text: string) => {
      const all = parseAllDocuments(text).map((item) => item.toJS())
      return all.find(({ kind }) => kind === 'Deployment').spec.template.spec
    }
    const chart = podOf(await readFile(await rendered(await written('helm', facts, site)), 'utf8'))
    const file = podOf(await readFile(await written('kubernetes', facts, site), 'utf8'))
    const claimName = isMounted(facts)
      ? { persistentVolumeClaim: { claimName: 'first-weights', readOnly: true } }
      : {}
    const volumes = file.volumes.map((volume: { name: string }) =>
      volume.name === 'weights' ? { ...volume, ...claimName } : volume,
    )
    expect(chart).toEqual({ ...file, volumes })
  })
})

test('values of the site reach the objects', async () => {
  const facts = cases['four GPUs, a low port, a folder of weights'] ?? cpu
  const chart = await written('helm', facts, anywhere)
  const values = ['weights.claim=filled', 'networkPolicy=false', 'replicas=3', 'image.repository=mirror/llm']
  const documents = parseAllDocuments(await readFile(await rendered(chart, values), 'utf8')).map((item) =>
    item.toJS(),
  )
  expect(documents.map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Service'])
  const { spec } = documents.find(({ kind }) => kind === 'Deployment')
  expect(spec.replicas).toBe(3)
  expect(spec.template.spec.containers[0].image).toMatch(/^mirror\/llm@sha256:/)
  expect(spec.template.spec.volumes.at(-1).persistentVolumeClaim.claimName).toBe('filled')
})

test.each(['imagee.repository=a', 'replicas=many', 'image.digest=latest'])(
  'helm refuses %s by the schema',
  async (value) => {
    const chart = await written('helm', cpu, anywhere)
    await expect(run(toolPath('helm'), ['template', chart, '--set', value])).rejects.toThrow(/schema|values/)
  },
)

test('the definitions do refuse what is wrong', async () => {
  const file = await written('kserve', cpu, anywhere)
  await writeFile(file, (await readFile(file, 'utf8')).replace('minReplicas: 1', 'minReplica: 1'))
  await expect(conform(file)).rejects.toThrow()
})

test('the preset of KServe is as the file for an LLMInferenceService takes it to be', async () => {
  const text = await readFile(join(toolFolder('kserve'), 'resources.yaml'), 'utf8')
  const all = parseAllDocuments(text).map((item) => item.toJS())
  const { spec } = all.find(({ metadata }) => metadata.name === 'kserve-config-llm-template')
  const [main] = spec.template.containers
  expect(main).toMatchObject({ name: 'main', ports: [{ containerPort: 8000 }] })
  expect(main.args).toBeUndefined()
  expect(main.env.map(({ name }: { name: string }) => name).sort()).toEqual([
    'HF_HUB_CACHE',
    'HOME',
    'VLLM_LOGGING_LEVEL',
  ])
  const places = main.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)
  expect(places.sort()).toEqual(['/dev/shm', '/home', '/models', '/tmp', '/var/run/kserve/tls'])
})
