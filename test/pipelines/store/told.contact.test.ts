import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { planDigestOf } from '../../../images/plan/plan.ts'
import { keepReport } from '../../../pipelines/catalogue/report-record.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { listRecordKinds, listRecords, recordPath } from '../../../pipelines/store/record.ts'
import { scratchFolder } from '../../scratch.ts'
import { ingot } from './commands.ts'
import { type Judged, judgedImage } from './judged.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A closed store with a verified image. */
async function closedStore(more: (judged: Judged) => Promise<unknown> = async () => {}) {
  const folder = join(await scratchFolder(), 'store')
  const store = await openStore(folder)
  const judged = await judgedImage(store)
  await more(judged)
  await closeStore(store)
  const { report, weightsLayer } = judged
  return { folder, judged, report, weights: blobPath(store, weightsLayer), name: `${report.name}:latest` }
}

const flip = (path: string) => writeFile(path, 'x', { flag: 'r+' })

test('of a store that is whole list says the verdict and doctor that all is well', async () => {
  const { folder, name, report } = await closedStore()
  expect((await ingot(folder, 'list')).out).toContain(`  ${name}  ${report.image}  verified\n`)
  const checked = await ingot(folder, 'doctor', '--store')
  expect(checked).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {7}\d+ blobs, 3\.0 MB/) })
})

test('a store that is not there is not called sound, and is not made', async () => {
  const folder = join(await scratchFolder(), 'no-store')
  const checked = await ingot(folder, 'doctor', '--store')
  expect(checked).toMatchObject({ code: 2, err: expect.stringContaining('INGOT_STORE') })
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('list, size and doctor say that a layer is damaged, and nobody says verified', async () => {
  const { folder, name, report, weights, judged } = await closedStore()
  await flip(weights)
  const listed = (await ingot(folder, 'list')).out
  expect(listed).toContain(
    `  ${name}  ${report.image}  not whole, build it again: ${judged.weightsLayer} is damaged`,
  )
  expect(listed).not.toContain('verified')
  const sized = await ingot(folder, 'size', name)
  expect(sized).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining(`${judged.weightsLayer} is damaged`),
  })
  const checked = await ingot(folder, 'doctor', '--store', '--json')
  expect(checked.code).toBe(1)
  expect(JSON.parse(checked.out).findings).toEqual([
    {
      found: expect.stringContaining(`${judged.weightsLayer} is damaged`),
      todo: expect.stringContaining(`run \`ingot build\` on the recipe of ${name}`),
    },
    { found: expect.stringContaining('is not whole'), todo: expect.stringContaining('run `ingot build`') },
  ])
})

const damages: Record<string, { harm: (folder: string, judged: Judged) => Promise<unknown>; found: RegExp }> =
  {
    'an index that is cut': {
      harm: (folder) => writeFile(join(folder, 'index.json'), '{"man'),
      found: /index\.json cannot be read.*\n.*move it away, then run `ingot build`/,
    },
    'an index that was lost': {
      harm: (folder) => rm(join(folder, 'index.json')),
      found: /judged "verified" and has no name, so `ingot prune` would free it\n.*gives it its name again/,
    },
    'an oci-layout with something else': {
      harm: (folder) => writeFile(join(folder, 'oci-layout'), 'hello'),
      found: /oci-layout is damaged.*\n.*remove it/,
    },
    'a record that is cut': {
      harm: (_, { store, plan }) => writeFile(recordPath(store, 'plan', planDigestOf(plan)), '{"a":'),
      found: /plan\/sha256.*cannot be read.*\n.*remove it; ingot makes it again/,
    },
    'a layer that is gone': {
      harm: (_, { store, runtimeLayer }) => rm(blobPath(store, runtimeLayer)),
      found: /is missing\n.*makes it again, or remove the image/,
    },
    'a manifest that is gone': {
      harm: (_, { store, report }) => rm(blobPath(store, report.image)),
      found: /was judged "verified" and is not whole/,
    },
    'a file of somebody else': {
      harm: (folder) => writeFile(join(folder, 'blobs/sha256/notes.txt'), 'x'),
      found: /notes\.txt is no blob/,
    },
    'a damaged blob that no image needs': {
      harm: (folder) => writeFile(join(folder, 'blobs/sha256', 'a'.repeat(64)), 'x'),
      found: /a{64} is damaged.*\n.*no image needs it: remove /,
    },
  }

test.each(Object.entries(damages))(
  'doctor --store finds %s and says what to do',
  async (_, { harm, found }) => {
    const { folder, judged } = await closedStore()
    await harm(folder, judged)
    const checked = await ingot(folder, 'doctor', '--store')
    expect(checked.out).toMatch(found)
    expect(checked).toMatchObject({ code: 1, err: expect.not.stringContaining('unexpected failure') })
  },
)

test('prune says which judged image it frees and why, and leaves no record of it', async () => {
  const { folder, report, judged } = await closedStore()
  await rm(join(folder, 'index.json'))
  const words =
    /lose [^ ]+ sha256:[0-9a-f]{64}, judged "verified", with its report: no name points at it and no build used it for 0 days; `ingot build`/
  const planned = await ingot(folder, 'prune', '--unused-for', '0', '--dry-run')
  expect(planned.out).toMatch(words)
  const pruned = await ingot(folder, 'prune', '--unused-for', '0', '--json')
  expect(JSON.parse(pruned.out).reports).toEqual([
    { name: report.name, image: report.image, verdict: 'verified', why: expect.stringContaining('no name') },
  ])
  for (const kind of await listRecordKinds(judged.store))
    expect(await listRecords(judged.store, kind), kind).toEqual([])
  expect((await ingot(folder, 'list')).out).not.toContain('verified')
  expect((await ingot(folder, 'doctor', '--store')).code).toBe(0)
})

test('prune frees a judged image by default only when nothing used it for 14 days', async () => {
  const { folder } = await closedStore()
  await rm(join(folder, 'index.json'))
  expect((await ingot(folder, 'prune')).out).toBe('freed 0 B in 0 blobs\n')
})

test('prune NAME says that the verdict goes too', async () => {
  const { folder, report } = await closedStore()
  const { out } = await ingot(folder, 'prune', report.name)
  expect(out).toContain(
    `lost ${report.name} ${report.image}, judged "verified", with its report: its name was given`,
  )
})

test('a report whose image somebody deleted is shown as such, and goes with the next prune', async () => {
  const { folder, report, judged } = await closedStore()
  await rm(blobPath(judged.store, report.image))
  await rm(join(folder, 'index.json'))
  expect((await ingot(folder, 'list')).out).toContain('was judged "verified" and is not whole')
  expect((await ingot(folder, 'prune')).out).toContain('judged "verified", with its report')
  expect(await listRecords(judged.store, 'report')).toEqual([])
})

test('a report stays when only the image that it was compared with goes', async () => {
  const stock = `sha256:${'e'.repeat(64)}` as const
  const { folder, judged } = await closedStore(({ store, report }) =>
    keepReport(store, { ...report, gate: { status: 'passed', stockImage: stock, parts: [] } }),
  )
  await writeFile(blobPath(judged.store, stock), 'the stock image')
  await ingot(folder, 'prune', '--unused-for', '0')
  expect(await listRecords(judged.store, 'report')).toHaveLength(1)
})
