import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import type { RunFacts } from '../../../images/run-files/facts.ts'
import { runFileFor, runFilesFor } from '../../../images/run-files/generate.ts'
import { type FileTarget, fileTargets } from '../../../images/run-files/targets.ts'
import { yamlOf } from '../../../images/run-files/yaml.ts'
import { toolPath } from '../../tools/find.ts'
import { cases, cpu } from './cases.ts'
import { kubernetesSchemas } from './schemas.ts'

const run = promisify(execFile)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-run-files-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function written(target: FileTarget, facts: RunFacts): Promise<string> {
  const { name, content } = runFileFor(target, facts)
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** What Podman's systemd generator makes of the units in a folder. */
async function generateUnits(units: string): Promise<string> {
  const made = await mkdtemp(join(folder, 'units-'))
  const env = { ...process.env, QUADLET_UNIT_DIRS: units }
  await run(toolPath('quadlet'), ['-no-kmsg-log', made, made, made], { env })
  return made
}

describe.each(Object.entries(cases))('%s', (name, facts) => {
  test.each(fileTargets)('%s: as agreed', async (target) => {
    await expect(runFileFor(target, facts).content).toMatchFileSnapshot(
      `golden/${name.replaceAll(/[^a-z0-9]+/gi, '-')}.${target}`,
    )
  })

  test('helm: as agreed', async () => {
    const files = runFilesFor('helm', facts).map(({ name, content }) => `--- ${name}\n${content}`)
    await expect(files.join('\n')).toMatchFileSnapshot(`golden/${name.replaceAll(/[^a-z0-9]+/gi, '-')}.helm`)
  })

  test('docker: a shell reads it, and every option is one docker has', async () => {
    const path = await written('docker', facts)
    await run('sh', ['-n', path])
    const text = runFileFor('docker', facts).content
    const { stdout } = await run(toolPath('docker'), ['run', '--help'])
    const unknown = [...text.matchAll(/^ {2}(--[a-z-]+)/gm)].filter(
      ([, option = '']) => !stdout.includes(` ${option} `),
    )
    expect(unknown).toEqual([])
  })

  test('compose: the parser of docker compose takes it', async () => {
    const path = await written('compose', facts)
    // This program reads no environment; what `docker compose` does with one is the same replacement.
    const text = runFileFor('compose', facts).content
    const given = { INGOT_WEIGHTS: '/srv/models', RENDER_GROUP: '105' }
    await writeFile(
      path,
      Object.entries(given).reduce(
        (all, [name, value]) => all.replaceAll(new RegExp(`\\$\\{${name}:[^}]*\\}`, 'g'), value),
        text,
      ),
    )
    const { stdout } = await run(toolPath('cmd'), [path])
    expect(parseYaml(stdout).services[facts.name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })

  test('quadlet: Podman’s generator takes it, and systemd reads the unit it makes', async () => {
    const units = await mkdtemp(join(folder, 'quadlet-'))
    const { name: file, content } = runFileFor('quadlet', facts)
    await writeFile(join(units, file), content)
    const made = await generateUnits(units)
    const unit = await readFile(join(made, `${facts.name}.service`), 'utf8')
    expect(unit).toMatch(/^ExecStart=\S*podman run .* --read-only .*$/m)
    expect(unit).toContain(facts.image)
    toolPath('podman')
    const { stdout, stderr } = await run('systemd-analyze', [
      'verify',
      '--man=no',
      join(made, `${facts.name}.service`),
    ])
    expect(stdout + stderr).toBe('')
  }, 60_000)

  test('kubernetes: kubeconform takes it by the schemas of Kubernetes', async () => {
    const schemas = kubernetesSchemas()
    const args = ['-strict', '-summary', '-output', 'json', '-schema-location', schemas]
    const { stdout } = await run(toolPath('kubeconform'), [...args, await written('kubernetes', facts)])
    const hasClaim = ['folder', 'volume'].includes(facts.weights.type)
    expect(JSON.parse(stdout).summary).toEqual({ valid: hasClaim ? 4 : 3, invalid: 0, errors: 0, skipped: 0 })
  }, 30_000)

  test.each([
    ['kubernetes', ['spec', 'template', 'spec']],
    ['kserve', ['spec', 'predictor']],
    ['kserve-llm', ['spec', 'template']],
  ] as const)('%s: the pod meets the restricted standard', (target, place) => {
    const [first] = parseAllDocuments(runFileFor(target, facts).content)
    const pod = place.reduce((value, key) => value[key], first?.toJS())
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod[key]).toBeUndefined()
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const kinds = pod.volumes.map((volume: object) => Object.keys(volume).filter((key) => key !== 'name')[0])
    for (const kind of kinds) expect(['emptyDir', 'persistentVolumeClaim', 'image']).toContain(kind)
  })
})

test('quadlet and systemd do refuse what is wrong', async () => {
  const units = await mkdtemp(join(folder, 'quadlet-'))
  const path = join(units, runFileFor('quadlet', cpu).name)
  await writeFile(path, runFileFor('quadlet', cpu).content.replace('ReadOnly=', 'ReadOnyl='))
  await expect(generateUnits(units)).rejects.toThrow('unsupported key')
  await writeFile(path, runFileFor('quadlet', cpu).content.replace('Restart=always', 'Restart=allways'))
  const made = await generateUnits(units)
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(made, `${cpu.name}.service`)])
  expect(stderr).toContain('allways')
}, 60_000)

test('kubeconform does refuse what is wrong', async () => {
  const path = join(folder, 'wrong.yaml')
  await writeFile(path, runFileFor('kubernetes', cpu).content.replace('replicas: 1', 'replicas: one'))
  const args = ['-strict', '-schema-location', kubernetesSchemas(), path]
  await expect(run(toolPath('kubeconform'), args)).rejects.toThrow()
})

test.each([
  [{ a: 'yes', b: '1', c: '', d: 'x: y', e: null, f: true, g: 1.5 }],
  [['on', '0x1', '1e3', '~', '- a', '#b', 'a #b', "it's", 'line\nbreak', ' x', 'x ']],
  [{ list: [{ a: 1, b: [2, { c: [] }] }, [], {}], 'key: odd': { deep: { er: ['x'] } } }],
  ['2026-11-24'],
])('YAML that says the same as JSON: %j', (value) => {
  expect(parseYaml(yamlOf(value))).toEqual(value)
  expect(parseYaml(yamlOf(value), { version: '1.1' })).toEqual(value)
})
