import { expect, test } from 'vitest'
import { visibleRows } from '../../../images/attribution/attribution.ts'
import { estimateCauses } from '../../../images/attribution/estimate.ts'
import { estimateLines } from '../../../images/attribution/text.ts'
import { weightEntries } from '../../../images/attribution/weight-files.ts'
import type { ImagePlan } from '../../../images/plan/plan.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { digestOf } from '../../../lib/digest.ts'

const sha256 = 'a'.repeat(64)
const base = { reference: 'debian:trixie-slim', digest: digestOf('base') }
const wheel = (name: string, ...sizes: number[]) => ({
  name,
  version: '1.0',
  wheels: sizes.map((sizeBytes, index) => ({ filename: `${name}-${index}.whl`, sizeBytes, sha256 })),
})
const package_ = (name: string, sizeBytes: number) => ({
  name,
  version: '1',
  architecture: 'amd64',
  sizeBytes,
  sha256,
})

function planOf(delivery: ImagePlan['weights']['delivery']): Pick<ImagePlan, 'runtime' | 'weights'> {
  return {
    runtime: {
      source: { type: 'upstream', base: 'x', versionCommand: [] },
      locked: {
        type: 'python',
        base,
        python: '3.13.1',
        uv: '0.9.0',
        packages: [package_('python3.13', 10), package_('libgomp1', 5)],
        distributions: [
          wheel('torch', 100, 200),
          wheel('nvidia-cublas-cu12', 400),
          wheel('vllm', 300),
          wheel('numpy', 20),
        ],
      },
    },
    weights: {
      delivery,
      modelFolder: '/models/m',
      setDigest: digestOf('set'),
      sizeBytes: 1000,
      files: [{ path: 'model.safetensors', sizeBytes: 1000, sha256 }],
      layers: [],
    },
  }
}

test('a plan is split by cause, from packages, the largest fitting wheels and weights', () => {
  expect(estimateCauses(planOf('baked')).map(({ cause, sizeBytes }) => [cause, sizeBytes])).toEqual([
    ['weights', 1000],
    ['CUDA libraries', 400],
    ['engine', 300],
    ['torch', 200],
    ['Python', 30],
    ['base system', 5],
  ])
})

test('weights that are mounted are not in the image', () => {
  expect(estimateCauses(planOf('mounted')).map(({ cause }) => cause)).not.toContain('weights')
})

test('a line names the largest parts of a cause', () => {
  const lines = estimateLines(estimateCauses(planOf('mounted')))
  expect(lines[0]).toMatch(/^ {2}CUDA libraries +400 B {2}█{14}░{18} +42\.8 % {2}nvidia-cublas-cu12 400 B$/)
  expect(lines.find((line) => line.includes('Python'))).toMatch(/numpy 20 B, python3\.13 10 B$/)
})

test('the files of a weight layer are known from its plan', () => {
  const files = [
    { path: 'config.json', sizeBytes: 30, sha256 },
    { path: 'sub/model.gguf', sizeBytes: 90_000_000, sha256 },
  ]
  const entries = planWeightLayers(files, { modelFolder: '/models/m' }).flatMap(weightEntries)
  expect(entries).toEqual([
    { path: '/models', type: 'folder', sizeBytes: 0, mode: 0o755 },
    { path: '/models/m', type: 'folder', sizeBytes: 0, mode: 0o755 },
    { path: '/models/m/sub', type: 'folder', sizeBytes: 0, mode: 0o755 },
    { path: '/models/m/config.json', type: 'file', sizeBytes: 30, mode: 0o644 },
    { path: '/models/m/sub/model.gguf', type: 'file', sizeBytes: 90_000_000, mode: 0o644, sha256 },
  ])
})

test('causes too small for a bar share one row, unless there is just one', () => {
  const rows = (...sizes: number[]) => sizes.map((sizeBytes, index) => ({ cause: `c${index}`, sizeBytes }))
  expect(visibleRows(rows(9000, 5, 3, 2), 9010)).toEqual([
    { cause: 'c0', sizeBytes: 9000 },
    { cause: '3 smaller', sizeBytes: 10 },
  ])
  expect(visibleRows(rows(9000, 5), 9005)).toEqual(rows(9000, 5))
})
