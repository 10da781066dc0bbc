import { expect, test, vi } from 'vitest'
import { sweepClasses } from '../../tools/sweep/sweep.ts'

// Some hundred kilobytes of a wheel are read, and 300 classes made.
vi.setConfig({ testTimeout: 180_000 })

/** Designs whose cache no rule here reads, and decoders beside an encoder whose length nothing names. */
const untold = [
  'pix2struct',
  'pop2piano',
  'recurrent_gemma',
  'reformer',
  'rwkv',
  'speech-encoder-decoder',
  'udop',
  'vision-encoder-decoder',
  'xlstm',
  'zaya',
]

/** What vLLM does not serve, or derives from another part than the one that generates. */
const otherLengths = ['blt', 'pi0', 'rwkv', 'xlnet']

test('classes of transformers are planned, with lengths and ties as the engine and the classes have them', async () => {
  const rows = await sweepClasses()
  const classes = rows.filter(({ variant }) => variant === null)
  expect(classes.length).toBeGreaterThan(300)
  expect(classes.flatMap(({ name, plan }) => (plan.outcome === 'planned' ? [] : [name]))).toEqual(untold)
  const lengths = rows.filter(({ length }) => length.vllm !== null)
  expect(lengths.length).toBeGreaterThan(350)
  const differing = lengths.filter(({ length }) => length.vllm !== length.planned)
  expect(differing.map(({ name }) => name)).toEqual(otherLengths)
  const ties = classes.filter(({ tied }) => tied.byClass !== undefined && tied.byClass !== tied.withoutKey)
  expect(ties.map(({ name }) => name)).toEqual([])
})
