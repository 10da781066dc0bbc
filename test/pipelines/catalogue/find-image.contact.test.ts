import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { assembleImage, describe as describeJson, mediaTypes } from '../../../images/oci/oci.ts'
import { planDigestOf } from '../../../images/plan/plan.ts'
import { findImage } from '../../../pipelines/catalogue/find-image.ts'
import { recallOrigin } from '../../../pipelines/catalogue/origin-record.ts'
import { keepReport } from '../../../pipelines/catalogue/report-record.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { recordPath, removeRecord } from '../../../pipelines/store/record.ts'
import { resolveReference, setReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlobText } from '../../../pipelines/store/write.ts'
import { formatLock } from '../../../recipes/lock.ts'
import { scratchFolder } from '../../scratch.ts'
import { type CommandRun, ingot } from '../store/commands.ts'
import { scratchImage } from '../store/image.ts'
import { type Judged, judgedImage } from '../store/judged.ts'
import { storeImage } from '../store/store-image.ts'

let root: string
let store: Store
let judged: Judged

beforeEach(async () => {
  root = join(await scratchFolder(), 'store')
  store = await openStore(root)
  judged = await judgedImage(store, (recipe) => {
    recipe.weights.delivery = 'artifact'
  })
  const { file, recipe, lock } = judged
  await writeFile(file, JSON.stringify(recipe))
  await writeFile(file.replace('.yaml', '.lock.json'), formatLock(lock))
  return () => closeStore(store)
})

const find = (text: string) =>
  findImage(text, store, { settings: { locksFolder: undefined }, act: 'publish' })

const texts: Record<string, (judged: Judged) => string> = {
  'a recipe': ({ file }) => file,
  'a name': ({ report }) => report.name,
  'a name with its tag': ({ report }) => `${report.name}:latest`,
  'a digest': ({ report }) => report.image,
}

describe.each(Object.entries(texts))('by %s', (what, textOf) => {
  test('the same image is found, with its plan, its report and what it was made from', async () => {
    const { plan, report, recipe, lock, file } = judged
    const found = await find(textOf(judged))
    // Files beside a recipe are read with it; the store remembers none.
    const beside = what === 'a recipe' ? { trust: [], settingFiles: {}, ownFiles: [] } : {}
    const lockFile = file.replace('.yaml', '.lock.json')
    expect(found).toEqual({
      plan,
      report,
      origin: { recipe, lock, file, folder: dirname(file), lockFile, ...beside },
    })
  })

  const commands: Record<string, { args: string[]; found(run: CommandRun): void }> = {
    size: { args: ['--json'], found: ({ out }) => expect(JSON.parse(out).digest).toBe(judged.report.image) },
    scan: { args: [], found: ({ out }) => expect(out).toContain('scanned 1 files') },
    'run-files': {
      args: ['--for', 'docker'],
      found: ({ out }) => expect(out).toContain(`@${judged.report.image}`),
    },
    bundle: {
      args: ['--to', 'bundle'],
      found: ({ out }) => expect(out).toContain('at the site: sh verify.sh must print'),
    },
    prune: { args: ['--json'], found: ({ out }) => expect(JSON.parse(out).reports).toHaveLength(1) },
  }

  test.each(Object.entries(commands))('ingot %s takes it', async (command, { args, found }) => {
    await closeStore(store)
    const placed = args.map((arg) => (arg === 'bundle' ? join(dirname(root), 'bundle') : arg))
    const run = await ingot(root, command, textOf(judged), ...placed)
    expect(run.code, run.err).toBe(0)
    found(run)
  })

  // These need a program or an engine that is not here; what they say shows that they found the image.
  const further: [string[], RegExp][] = [
    [['verify', '--runner', 'podman'], /podman|hash sha256/],
    [['sbom'], /syft/],
    [['publish', '--to', 'localhost:1/x'], /localhost:1|connect/],
  ]
  test.each(further)('ingot %j finds it', async ([command = '', ...args], words) => {
    await closeStore(store)
    const run = await ingot(root, command, textOf(judged), ...args)
    expect(run.err).toMatch(words)
    expect(run.err).not.toMatch(/no such name|the store has no|does not say which recipe/)
  })
})

const strange: Record<string, { text(): Promise<string>; words: RegExp }> = {
  'a name that nobody gave': {
    text: async () => 'nothing',
    words: /no such name or digest/,
  },
  'a digest that is not here': {
    text: async () => `sha256:${'0'.repeat(64)}`,
    words: /no such name or digest/,
  },
  'a folder with the name of no image': {
    text: async () => dirname(root),
    words: /no such name or digest/,
  },
  'its weights': {
    text: async () => `${judged.report.name}-weights`,
    words: /is no server's image that `ingot build` made/,
  },
  'its ModelPack': {
    text: async () => `${judged.report.name}-modelpack`,
    words: /is no server's image that `ingot build` made/,
  },
  'an index over it': {
    async text() {
      const manifests = [await resolveReference(store, judged.report.image)]
      const { bytes, descriptor } = describeJson(mediaTypes.index, { schemaVersion: 2, manifests })
      await writeBlobText(store, bytes)
      await setReference(store, 'both:index', descriptor)
      return 'both:index'
    },
    words: /is no server's image that `ingot build` made/,
  },
  'an image that somebody pushed': {
    async text() {
      await setReference(store, 'theirs:v1', (await scratchImage(store)).descriptor)
      return 'theirs:v1'
    },
    words: /is no server's image that `ingot build` made/,
  },
  'an image of a plan that is not here': {
    text: () => labelled(`sha256:${'1'.repeat(64)}`),
    words: /the store has no plan for sha256:/,
  },
  'an image whose label is no digest': {
    text: () => labelled('yes'),
    words: /is no server's image that `ingot build` made/,
  },
  'another image of a plan that has a report': {
    text: () => labelled(planDigestOf(judged.plan)),
    words: /report on the plan of sha256:[0-9a-f]{64} is on sha256:/,
  },
  'an image that was never judged': {
    async text() {
      await removeRecord(store, 'report', planDigestOf(judged.plan))
      return judged.report.image
    },
    words: /no report on sha256:[0-9a-f]{64}: its build did not come to an end/,
  },
}

function labelled(plan: string): Promise<string> {
  const image = assembleImage([], { Labels: { 'dev.ingot.plan': plan } }, 'linux/amd64', {})
  return storeImage(store, image, 'labelled:latest')
}

test.each(Object.entries(strange))('%s is not taken for a built image', async (_what, { text, words }) => {
  await expect(find(await text())).rejects.toThrow(words)
})

test('one that was published elsewhere is answered with the way to take it', async () => {
  const place = `registry.example/llm/mine@sha256:${'0'.repeat(64)}`
  await expect(find(place)).rejects.toMatchObject({
    code: 'no-image',
    failure: { hint: expect.stringContaining(`ingot build RECIPE --no-verify --from-registry ${place}`) },
  })
})

/** Another JSON value in place of a record. */
async function changeRecord(kind: string, change: (value: never) => unknown): Promise<void> {
  const path = recordPath(store, kind, planDigestOf(judged.plan))
  const value: unknown = JSON.parse(await readFile(path, 'utf8'))
  // Each case knows the record that it changes.
  await writeFile(path, JSON.stringify(change(value as never)))
}

type Origin = { file: string; recipe: { name: string; model: object }; lock: object }

const forged: [string, (record: Origin) => unknown][] = [
  ['another recipe', (record) => ({ ...record, recipe: { ...record.recipe, name: 'other' } })],
  [
    'another lock',
    (record) => ({ ...record, lock: { ...record.lock, engine: { id: 'llama-cpp', version: '9.9.9' } } }),
  ],
  ['a key that no recipe has', (record) => ({ ...record, recipe: { ...record.recipe, more: 1 } })],
  ['no recipe', ({ file }) => ({ file })],
  ['null', () => null],
]

test.each(forged)('an origin with %s counts as absent, and what leaves says so', async (_what, change) => {
  await changeRecord('origin', change)
  const { report, plan, file } = judged
  expect(await recallOrigin(store, planDigestOf(plan), { locksFolder: undefined })).toBeUndefined()
  expect(await find(report.name)).toEqual({ plan, report })
  for (const command of [
    ['publish', '--to', 'localhost:1/x'],
    ['bundle', '--to', 'nowhere'],
    ['sbom'],
    ['scan'],
    ['gate'],
  ]) {
    const [name = '', ...args] = command
    const run = await ingot(root, name, report.name, ...args)
    expect(run.code).toBe(2)
    expect(run.err).toContain(`ingot ${name}`)
    expect(run.err).toContain('the store does not say which recipe and lock it was made from')
  }
  expect((await ingot(root, 'run-files', report.name, '--for', 'docker')).code).toBe(0)
  // With the recipe at hand nothing is lacking, and a build keeps it again.
  expect((await ingot(root, 'scan', file)).code).toBe(0)
  await judged.build(true)
  expect(await find(report.name)).toHaveProperty('origin.recipe.name', report.name)
})

test.each<[string, (plan: { name: string; buildVersion: number }) => unknown]>([
  ['another name', (plan) => ({ ...plan, name: 'other' })],
  ['another build version', (plan) => ({ ...plan, buildVersion: 1 })],
  ['nothing', () => ({})],
])('a plan with %s counts as absent where no recipe gives it', async (_what, change) => {
  await removeRecord(store, 'origin', planDigestOf(judged.plan))
  await changeRecord('plan', change)
  await expect(find(judged.report.image)).rejects.toThrow('the store has no plan for')
})

test('a report under the name of another plan counts as absent', async () => {
  await changeRecord('report', (report: object) => ({ ...report, plan: `sha256:${'2'.repeat(64)}` }))
  await expect(find(judged.report.image)).rejects.toThrow('no report on')
  await keepReport(store, judged.report)
  expect(await find(judged.report.image)).toMatchObject({ report: judged.report })
})

test('no record of an image holds a path but its recipe’s, and none a comment of that', async () => {
  const kinds = await readdir(join(root, 'ingot', 'origin'))
  expect(kinds).toHaveLength(1)
  const text = await readFile(join(root, 'ingot', 'origin', kinds[0] ?? ''), 'utf8')
  expect(text.split(dirname(judged.file)).length - 1).toBe(1)
})
