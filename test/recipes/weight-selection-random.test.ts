import { expect, test } from 'vitest'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { pickByContents } from '../../recipes/weight-contents.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { claims, repositoryOf } from './repositories.ts'
import { folderFormats, ggufFormats, kinds } from './weight-samples.ts'

const seeds = Array.from({ length: 100 }, (_, seed) => seed)

test.each(seeds.flatMap((seed) => [[seed, 'folder'] as const, [seed, 'gguf'] as const]))(
  'repository %i for an engine of %s: each file is in a layer or in the list, with a true reason',
  (seed, engine) => {
    const expected = repositoryOf(seed, engine)
    const formats = engine === 'folder' ? folderFormats : ggufFormats
    const paths = [...expected.keys()]
    const listed = paths.map((path) => ({ path, sizeBytes: 10, sha256: hexOf(digestOf(path)) }))
    const picked = pickFiles(listed, {}, formats)
    const judged = pickByContents(picked.taken, { ...kinds(), patterns: {}, formats })
    const layers = planWeightLayers(judged.taken, { modelFolder: '/models/m', smallFileBytes: 5 })
    const packed = layers.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.type === 'file' ? [entry.path.replace('models/m/', '')] : [])),
    )
    const skipped = [...picked.skipped, ...judged.skipped]
    expect([...packed, ...skipped.map(({ path }) => path)].sort()).toEqual([...paths].sort())
    expect(packed.sort()).toEqual(
      paths.filter((path) => ['both', engine].includes(String(expected.get(path)))).sort(),
    )
    for (const { path, reason } of skipped)
      expect([path, reason, claims[reason]?.(path, paths)]).toEqual([path, reason, true])
  },
)
