import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { reportJson } from '../../../images/report/report.ts'
import { digestOf } from '../../../lib/digest.ts'
import { formatLock, type Lock, parseLock } from '../../../recipes/lock.ts'
import { report } from '../../images/report-sample.ts'
import { rawRecipe } from '../../recipes/locked.ts'
import { ingot, type Place, placeOf, readLock, writeLock } from '../lock/place.ts'

/** A safetensors file without a tensor. */
const model = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')])
const raw = {
  ...rawRecipe('folder'),
  engine: { id: 'vllm', version: '>=0.30', device: 'cuda', runtime: 'upstream' },
  image: {},
  weights: { source: { type: 'folder', path: 'model' }, delivery: 'mounted' },
  target: { gpu: 'h100' },
}

/** A recipe whose model lies in a folder, locked as it is now; nothing of the runtime is asked for. */
async function folderPlace(): Promise<Place> {
  const place = await placeOf(raw)
  const folder = join(place.folder, 'model')
  await mkdir(folder)
  const config = { architectures: ['LlamaForCausalLM'], model_type: 'llama' }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'model.safetensors'), model)
  await writeFile(join(folder, 'tokenizer.json'), '{}')
  await writeLock(place, raw)
  expect(await ingot(['update', place.file, '--model'], place)).toMatchObject({ code: 0, stderr: '' })
  return place
}

test('a model that did not change: nothing is newer, nothing is written, no engine is opened', async () => {
  const place = await folderPlace()
  const before = await readFile(place.lockFile, 'utf8')
  for (const command of ['outdated', 'update']) {
    const run = await ingot([command, place.file, '--model'], place)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toBe(`tiny (${place.file}): nothing is newer\n`)
  }
  expect(await readFile(place.lockFile, 'utf8')).toBe(before)
})

test('a model that changed is told by outdated, and written by update alone', async () => {
  const place = await folderPlace()
  const before = await readLock(place)
  await writeFile(join(place.folder, 'model', 'generation_config.json'), '{}')
  const told = await ingot(['outdated', place.file, '--model'], place)
  expect(told.stdout).toContain('generation_config.json')
  expect(told.stdout).toContain(`next: ingot update ${place.file}`)
  expect(await readLock(place)).toEqual(before)
  const json = await ingot(['outdated', place.file, '--model', '--json'], place)
  expect(JSON.parse(json.stdout)).toMatchObject([
    { name: 'tiny', isOutdated: true, comparison: { lock: { items: [{ name: 'generation_config.json' }] } } },
  ])
  const written = await ingot(['update', place.file, '--model', '--markdown'], place)
  expect(written.stdout).toMatch(/^## tiny\n\n### pins\n\n\| {2}\| before \| after \|\n/)
  const now = await readLock(place)
  expect(now.weights.files.map(({ path }) => path)).toContain('generation_config.json')
  expect({ ...now, weights: before.weights, model: before.model }).toEqual(before)
})

test('a lock that the recipe refuses is not written, and the reason is told', async () => {
  const place = await folderPlace()
  const before = await readFile(place.lockFile, 'utf8')
  await rm(join(place.folder, 'model', 'tokenizer.json'))
  const run = await ingot(['update', place.file, '--model'], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('without a tokenizer')
  expect(run.stderr).toContain('the lock stays as it was')
  expect(await readFile(place.lockFile, 'utf8')).toBe(before)
  const told = await ingot(['outdated', place.file, '--model'], place)
  expect(told).toMatchObject({ code: 0 })
  expect(told.stdout).toContain('the recipe refuses this lock')
})

test('an update of the runtime without an engine says what is missing, and writes nothing', async () => {
  const place = await folderPlace()
  const before = await readFile(place.lockFile, 'utf8')
  const alone = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${place.folder}/nobody.sock` }
  const run = await ingot(['update', place.file, '--base'], {
    ...place,
    environment: { ...place.environment, ...alone },
  })
  expect(run.code, run.stderr).toBe(3)
  expect(run.stderr).toContain('the runtime half of')
  expect(await readFile(place.lockFile, 'utf8')).toBe(before)
})

test('a folder stands for its recipes; parts of others and those without a lock are told apart', async () => {
  const place = await folderPlace()
  await copyFile(place.file, join(place.folder, 'second.yaml'))
  await writeFile(join(place.folder, '_base.yaml'), 'engine: {}\n')
  const run = await ingot(['outdated', place.folder, '--model'], place)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain(`look what is newer than the lock of ${join(place.folder, 'second.yaml')}`)
  expect(run.stderr).toContain('ingot: 1 of 2 recipes')
  expect(run.stdout).toBe(`tiny (${place.file}): nothing is newer\n`)
  const empty = await ingot(['outdated', join(place.folder, 'model')], place)
  expect(empty.code).toBe(2)
  expect(empty.stderr).toContain('find recipes in the folder')
})

async function twoLocks(): Promise<{ place: Place; other: string; lock: Lock }> {
  const place = await placeOf(rawRecipe('url'))
  const lock = await writeLock(place, rawRecipe('url'))
  const other = join(dirname(place.lockFile), 'other.lock.json')
  const base = { ...lock.runtime.base, digest: digestOf('newer') }
  // The type of the runtime stays what it was.
  const changed = { ...lock, runtime: { ...lock.runtime, base } } as Lock
  await writeFile(other, formatLock(parseLock(formatLock(changed), other)))
  return { place, other, lock }
}

test('diff of two locks, and of a recipe and a lock', async () => {
  const { place, other } = await twoLocks()
  for (const before of [place.lockFile, place.file]) {
    const run = await ingot(['diff', before, other], place)
    expect(run, run.stderr).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toContain('base image')
  }
  expect((await ingot(['diff', other, other], place)).stdout).toBe('nothing differs\n')
})

test('diff of two reports; a report and a lock have nothing in common', async () => {
  const { place, other } = await twoLocks()
  const [one, two] = ['one', 'two'].map((name) => join(place.folder, `${name}.json`))
  if (one === undefined || two === undefined) return expect.unreachable()
  await writeFile(one, JSON.stringify(reportJson(report())))
  await writeFile(two, JSON.stringify(reportJson(report({ verdict: 'failed' }))))
  const run = await ingot(['diff', one, two, '--json'], place)
  expect(JSON.parse(run.stdout).report.facts).toContainEqual(expect.objectContaining({ after: 'failed' }))
  const wrong = await ingot(['diff', one, other], place)
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain(`${one} is a report, ${other} is a lock: nothing of one kind to compare`)
})

test.each([
  ['nothing.json', undefined],
  ['page.json', '<html></html>'],
  ['list.json', '[1]'],
])('diff says what %s is not', async (name, content) => {
  const { place } = await twoLocks()
  const file = join(place.folder, name)
  if (content !== undefined) await writeFile(file, content)
  const run = await ingot(['diff', file, place.lockFile], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain(`could not compare ${file}`)
  expect(run.stderr).toContain('name a lock, the report.json of')
})
