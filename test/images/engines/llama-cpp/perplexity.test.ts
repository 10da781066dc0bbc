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

test('the model is the one of the image', () => {
  const text = { path: '/text.txt', contextTokens: 256, chunks: 2 }
  const command = perplexity.command(deploymentFor(recipeFor('llama-cpp')), text)
  expect(command[0]).toBe('/usr/bin/llama-perplexity')
  expect(command.join(' ')).toMatch(/--model \/\S+\.gguf --file \/text\.txt --ctx-size 256 --chunks 2/)
  expect(perplexity.command(deploymentFor(recipeFor('llama-cpp')), { ...text, chunks: null })).not.toContain(
    '--chunks',
  )
})
