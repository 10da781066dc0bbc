import { expect, test } from 'vitest'
import { ownLayerEntries } from '../../../images/plan/own-layer.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { sbomFactsOf } from '../../../images/sbom/sbom.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const sha256 = (text: string) => hexOf(digestOf(text))
const wheel = (name: string) => ({
  name,
  version: '1.0',
  wheels: [{ filename: `${name}-1.0-py3-none-any.whl`, sizeBytes: 1000, sha256: sha256(name) }],
})
const jq = { name: 'jq', version: '1.7', architecture: 'amd64', sizeBytes: 1, sha256: sha256('jq') }

const image: Partial<Recipe['image']> = {
  packages: { python: ['fastapi>=0.1'], system: ['jq=1.7'] },
  files: [
    { from: 'src', to: '/app/src', exclude: [] },
    { from: 'run.sh', to: '/opt/run', exclude: [] },
  ],
  command: ['python', '-m', 'src.server'],
}
const ownFiles: NonNullable<Lock['ownFiles']> = [
  {
    from: 'src',
    to: '/app/src',
    files: [
      { path: 'a/b.py', sizeBytes: 3, sha256: sha256('b') },
      { path: 'server.py', sizeBytes: 5, sha256: sha256('s') },
    ],
  },
  {
    from: 'run.sh',
    to: '/opt/run',
    files: [
      {
        path: '',
        libraries: ['libz.so.1'],
        startedBy: ['/usr/bin/env', 'jq'],
        sizeBytes: 7,
        sha256: sha256('r'),
        executable: true,
      },
    ],
  },
]

function made(id: EngineId, change: Partial<Recipe['image']>, probes: Recipe['verify']['probes'] = []) {
  const recipe = recipeFor(id, (draft) => {
    if (id === 'vllm') draft.engine.runtime = 'packages'
    Object.assign(draft.image, change)
    draft.verify.probes = probes
  })
  const lock = lockFor(recipe)
  const { runtime } = lock
  if (runtime.type === 'debian')
    Object.assign(runtime, {
      packages: [...runtime.packages, jq],
      own: ['jq', 'libjq1'],
      environment: { python: '3.14.0', uv: '0.13.9', distributions: [wheel('fastapi')] },
    })
  return { recipe, lock: change.files === undefined ? lock : { ...lock, ownFiles } }
}

test('the command of the recipe takes the place of the engine, which it can start', () => {
  const { recipe, lock } = made('llama-cpp', image)
  const { config, settings, port, verify } = planImage(recipe, lock)
  expect(config.Entrypoint).toEqual([
    ...['/usr/bin/tini', '-g', '-e', '143', '--'],
    ...['python', '-m', 'src.server'],
  ])
  expect(config.WorkingDir).toBe('/app')
  expect(config.Env).toContain('PATH=/opt/own/bin:/usr/local/bin:/usr/bin:/bin')
  const file = settings.find(({ path }) => path === '/etc/ingot/engine.json')
  const engine = JSON.parse(file?.type === 'file' ? file.content : '')
  expect(engine).toMatchObject({ port: port + 1, healthPath: '/health' })
  expect(engine.command.join(' ')).toContain(`/usr/bin/llama-server --model`)
  expect(engine.command.join(' ')).toContain(`--host 127.0.0.1 --port ${port + 1}`)
  // How another program stops is not what was measured of the engine.
  expect(verify.behaviour.stop).toEqual({ signal: 'SIGTERM', timeoutSeconds: 10, exitCodes: [0] })
})

test('slimming keeps packages whole that the recipe asks for, its Python and its program', () => {
  const { recipe, lock } = made('llama-cpp', image)
  const { closure, rules } = planImage(recipe, lock).slimming
  expect(closure?.packages).toEqual(['jq', 'libjq1'])
  expect(closure?.contents).toEqual(['/opt/own/**', '/usr/lib/python3*/**'])
  expect(closure?.roots).toEqual(expect.arrayContaining(['/usr/bin/python3*', '/opt/own/bin/python']))
  expect(closure?.loads).toEqual(['/usr/bin/env', 'libz.so.1'])
  expect(closure?.roots).toContain('/usr/bin/jq')
  expect(closure?.data).toContain('/usr/lib/*-linux-gnu/gconv/**')
  expect(rules.map(({ id }) => id)).toContain('python-installers')
  const plain = made('llama-cpp', {})
  const before = planImage(plain.recipe, lockFor(plain.recipe)).slimming
  expect(before.closure).not.toHaveProperty('packages')
})

test('wheels of the recipe are asked for together with those of an engine in Python', () => {
  const { recipe, lock } = made('vllm', {
    packages: { python: ['qwen-vl-utils==0.0.14'], system: ['ffmpeg'] },
  })
  const { source } = planImage(recipe, lock).runtime
  expect(source).toMatchObject({ type: 'python', requirements: ['qwen-vl-utils==0.0.14'], own: ['ffmpeg'] })
  expect(source).not.toHaveProperty('environment')
})

test('files of the recipe are members of one layer, each folder before what is in it', () => {
  const { recipe, lock } = made('llama-cpp', image)
  const { ownLayer } = planImage(recipe, lock)
  const entries = ownLayer === undefined ? [] : ownLayerEntries(ownLayer).map(({ entry }) => entry)
  expect(entries.map(({ path }) => path)).toEqual([
    ...['app/', 'app/src/', 'app/src/a/', 'app/src/a/b.py', 'app/src/server.py', 'opt/', 'opt/run'],
  ])
  expect(entries.filter(({ executable }) => executable).map(({ path }) => path)).toEqual(['opt/run'])
  const edited = structuredClone(lock)
  const [first] = edited.ownFiles?.[0]?.files ?? []
  if (first !== undefined) first.sha256 = sha256('other')
  expect(planDigestOf(planImage(recipe, edited))).not.toBe(planDigestOf(planImage(recipe, lock)))
})

test('what the recipe adds is in the list of contents', () => {
  const { recipe, lock } = made('llama-cpp', image)
  const listed = sbomFactsOf(recipe, lock, digestOf('image')).locked.map(({ packageUrl }) => packageUrl)
  expect(listed).toContain('pkg:deb/debian/jq@1.7?arch=amd64')
  expect(listed).toContain('pkg:pypi/fastapi@1.0')
  expect(listed.filter((url) => /^pkg:generic\/(app%2Fsrc|opt%2Frun)@[0-9a-f]{64}$/.test(url))).toHaveLength(
    2,
  )
})

test('questions of the recipe come after those of the engine, in their form', () => {
  const own = {
    id: 'health',
    request: { method: 'GET', path: '/own' },
    expect: { type: 'text', status: 200, contains: ['ok'] },
    timeoutSeconds: 5,
  } as const
  const { recipe, lock } = made('llama-cpp', {}, [{ ...own, expect: { ...own.expect, contains: ['ok'] } }])
  const plain = made('llama-cpp', {})
  const { behaviour } = planImage(recipe, lock).verify
  const before = planImage(plain.recipe, plain.lock).verify.behaviour
  expect(behaviour.probes.slice(0, -1)).toEqual(before.probes)
  expect(behaviour.probes.at(-1)).toEqual({
    ...own,
    id: 'recipe-health',
    group: 'recipe',
    title: 'GET /own answers as the recipe says',
    required: true,
  })
  expect(behaviour.stop).toEqual(before.stop)
})
