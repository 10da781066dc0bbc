import { expect, test } from 'vitest'
import { perplexity } from '../../../../images/engines/llama-cpp/perplexity.ts'
import { deploymentFor, recipeFor } from '../fixtures.ts'

/** The last lines of llama-perplexity of Debian's 1:0.7.0+dfsg-2. */
const said = `[1]21.6543,[2]18.0011,
Final estimate: PPL = 15.6921 +/- 0.46178

llama_perf_context_print:        load time =      64.90 ms
`

test('the figure is taken as it is printed', () => {
  expect(perplexity.printed(said)).toEqual({ value: '15.6921', uncertainty: '0.46178' })
  expect(perplexity.printed('error: failed to load model')).toBeNull()
  expect(perplexity.printed('Final estimate: PPL = nan +/- nan')).toBeNull()
})

const text = { path: '/text.txt', contextTokens: 256, chunks: 2 }

test('the model is the one of the image', () => {
  const file = perplexity.modelFile(deploymentFor(recipeFor('llama-cpp')))
  const command = perplexity.command(file, text)
  expect(command[0]).toBe('/usr/bin/llama-perplexity')
  expect(command.join(' ')).toMatch(/--model \/\S+\.gguf --file \/text\.txt --ctx-size 256 --chunks 2/)
  expect(perplexity.command(file, { ...text, chunks: null })).not.toContain('--chunks')
})

/** SmolLM2 as Q4_1 beside itself as F16, by Debian's 1:0.7.0+dfsg-2. */
const compared = `   4      15.0542 ±    2.5951      -0.00402 ±    0.00594       0.00419 ±    0.00028     1.558 ±  0.130 %    96.825 ±  1.107 %

====== Perplexity statistics ======
Mean PPL(Q)                   :  15.054185 ±   2.595098
Mean PPL(base)                :  15.114830 ±   2.604968
Mean PPL(Q)-PPL(base)         :  -0.060645 ±   0.090174

====== KL divergence statistics ======
Mean    KLD:   0.004188 ±   0.000277
Maximum KLD:   0.042241
99.9%   KLD:   0.039579
99.0%   KLD:   0.018956
Median  KLD:   0.003327
 1.0%   KLD:   0.000054

====== Token probability statistics ======
Mean    Δp:  0.136 ± 0.098 %
Same top p: 96.825 ± 1.107 %
`

test('a comparison is taken as it is printed, and half of one is none', () => {
  expect(perplexity.printedDivergence(compared)).toEqual({
    mean: { value: '0.004188', uncertainty: '0.000277' },
    ...{ median: '0.003327', p99: '0.018956', most: '0.042241' },
    sameTop: { value: '96.825', uncertainty: '1.107' },
    perplexity: { value: '15.054185', uncertainty: '2.595098' },
    referencePerplexity: { value: '15.114830', uncertainty: '2.604968' },
  })
  expect(perplexity.printedDivergence(compared.replace(/^Same.*$/m, ''))).toBeNull()
  expect(perplexity.printedDivergence(compared.replace('0.004188', '-0.000001'))?.mean.value).toBe(
    '-0.000001',
  )
})

test('the reference writes what the model is compared with', () => {
  const files = { reference: '/source/f16.gguf', model: '/models/q4.gguf', base: '/between' }
  const [write, compare] = perplexity.divergence(files, text).map((command) => command.join(' '))
  expect(write).toMatch(/--model \/source\/f16.gguf .*--kl-divergence-base \/between$/)
  expect(compare).toMatch(/--model \/models\/q4.gguf .*--kl-divergence-base \/between --kl-divergence$/)
})

const runOf = (model: string, n_prompt: number, n_gen: number, avg_ts: number) => ({
  ...{ build_number: 11669, model_filename: model, n_prompt, n_gen, avg_ts, stddev_ts: 0.5 },
  samples_ts: [avg_ts],
})

test('speeds are those of each file, in the order that was asked', () => {
  const runs = [runOf('a', 256, 0, 40), runOf('a', 0, 32, 20), runOf('b', 256, 0, 80), runOf('b', 0, 32, 60)]
  const said = `load_backend: loaded\n${JSON.stringify(runs, null, 2)}\n`
  expect(perplexity.printedSpeeds(said, ['b', 'a'])?.map(({ output }) => output)).toEqual([
    { perSecond: 60, spread: 0.5 },
    { perSecond: 20, spread: 0.5 },
  ])
  expect(perplexity.printedSpeeds(said, ['a', 'c'])).toBeNull()
  expect(perplexity.printedSpeeds('error', ['a'])).toBeNull()
})
