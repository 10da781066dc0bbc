import { expect, test } from 'vitest'
import { readerOf } from '../../../images/elf/reader.ts'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { readContainer } from '../../../images/gpu-code/container.ts'
import { decide } from '../../../images/gpu-code/keep.ts'
import { entryName } from '../../../images/gpu-code/report.ts'
import { craftContainer, entriesOf } from './craft.ts'

async function decided(entries: string, targets: string) {
  const sized = entries.replace(/(\d[af]?)( |$)/g, '$1:64$2')
  const bytes = craftContainer(entriesOf(sized))
  const container = await readContainer(readerOf(bytes), 0, bytes.length, '.nv_fatbin')
  if (container === null) throw new Error('not a container')
  return decide(container, targets.split(' ').map(parseArchitecture))
}

const nccl = 'sm_75 sm_80 sm_90 sm_100 compute_120 sm_120 sm_110 sm_107'

test.each([
  [nccl, 'sm_90', 'sm_90:native'],
  [nccl, 'sm_89', 'sm_80:compatible'],
  [nccl, 'sm_103', 'sm_100:compatible'],
  [nccl, 'sm_121', 'sm_120:compatible'],
  [nccl, 'sm_70', ''],
  [nccl, 'sm_90 sm_80', 'sm_80:native sm_90:native'],
  [nccl, 'sm_130', 'compute_120:compiled'],
  // _vllm_fa2_C: machine code for Ampere only, so Hopper lives on PTX, in the stock wheel too.
  ['sm_80 compute_80', 'sm_90', 'compute_80:compiled'],
  ['sm_80 compute_80', 'sm_86', 'sm_80:compatible'],
  ['sm_80 compute_80', 'sm_86 sm_90', 'sm_80:compatible compute_80:compiled'],
  // _C_stable_libtorch: which of the two the driver takes is not documented.
  ['sm_90a sm_75 sm_80 sm_86 sm_89 sm_90 sm_100 sm_120', 'sm_90', 'sm_90a:native sm_90:native'],
  ['sm_90a sm_100f', 'sm_100', 'sm_100f:native'],
  ['sm_90a sm_100f', 'sm_103', 'sm_100f:compatible'],
  ['sm_90a', 'sm_100', ''],
  ['compute_75 compute_90 compute_100', 'sm_90', 'compute_90:compiled'],
  ['compute_90a compute_80', 'sm_100', 'compute_80:compiled'],
  // On a board GPU lower machine code may or may not run: its PTX stays.
  ['sm_72 compute_72', 'sm_75', 'compute_72:compiled'],
  ['kind8_90 sm_75', 'sm_90', 'other_90:not-understood'],
])('%s on %s keeps "%s"', async (entries, targets, expected) => {
  const kept = (await decided(entries, targets))
    .filter(({ verdict }) => verdict.keep)
    .map(({ entry, verdict }) => `${entryName(entry)}:${verdict.why}`)
  expect(kept.join(' ')).toBe(expected)
})

test.each([
  [nccl, 'sm_90', 'sm_75 sm_80 sm_100 compute_120 sm_120 sm_110 sm_107', ''],
  ['sm_80 sm_86 compute_80', 'sm_89', '', 'sm_80 compute_80'],
  ['sm_80 compute_80', 'sm_90', 'sm_80', ''],
])('%s on %s tells what cannot run from what is never chosen', async (entries, targets, cannot, never) => {
  const decisions = await decided(entries, targets)
  const withReason = (why: string) =>
    decisions
      .filter(({ verdict }) => verdict.why === why)
      .map(({ entry }) => entryName(entry))
      .join(' ')
  expect(withReason('cannot-run')).toBe(cannot)
  expect(withReason('never-chosen')).toBe(never)
})
