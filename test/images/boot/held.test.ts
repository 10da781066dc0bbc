import { expect, test } from 'vitest'
import { heldByWorkers, workersWords } from '../../../images/boot/held.ts'
import { machines } from '../../../images/engines/llama-cpp/machines.ts'

/** As llama-server 0.7.0 writes it at verbosity 4. */
const log = `0.00.493.877 I load_tensors: offloaded 31/31 layers to GPU
0.00.493.882 I load_tensors:   CPU_Mapped model buffer size =    28.69 MiB
0.00.493.883 I load_tensors: RPC0[worker-1:50052] model buffer size =    33.82 MiB
0.00.493.884 I load_tensors: RPC0[worker-2:50052] model buffer size =    50.28 MiB
0.00.493.885 I load_tensors: RPC1[worker-2:50052] model buffer size =     8.00 MiB
0.01.118.581 I llama_kv_cache: RPC0[worker-1:50052] KV buffer size =     6.00 MiB
`
const counted = { names: ['worker-1', 'worker-2'], port: 50052, heldLines: machines.heldLines }
const MiB = 1024 ** 2

test('weights are counted for each worker over its devices, and nothing else is', () => {
  expect(heldByWorkers(log, counted)).toEqual([
    { name: 'worker-1', mib: 33.82 },
    { name: 'worker-2', mib: 58.28 },
  ])
})

test.each([
  ['a worker that the log does not name', log.replaceAll('worker-2:50052', 'worker-3:50052')],
  ['another port', log.replaceAll('worker-2:50052', 'worker-2:50053')],
  ['a cache alone', log.replaceAll(/.*worker-2.*model buffer.*\n/g, '')],
])('%s holds nothing', (_, changed) => {
  const held = heldByWorkers(changed, counted)
  expect(held[1]).toEqual({ name: 'worker-2', mib: 0 })
  expect(workersWords(held.map((one) => ({ ...one, residentBytes: 500 * MiB }))).good).toBe(false)
})

test.each([
  [58.28 * MiB, true],
  [58 * MiB, false],
  [null, false],
])('a worker that holds weights has them in memory: %j bytes', (residentBytes, good) => {
  const held = heldByWorkers(log, counted).map((one) => ({ ...one, residentBytes }))
  expect(workersWords(held).good).toBe(good)
})
