import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test, vi } from 'vitest'
import { isCounted, sweepClasses } from '../../tools/sweep/classes.ts'
import { otherCaches, summaryOf } from '../../tools/sweep/sweep.ts'

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

/**
 * Beside these, decoders of speech whose length SGLang does not look at, and Gemma 3 with one section for all its layers, which no
 * checkpoint has.
 */
const otherSglangLengths = [...otherLengths, 'gemma3_text', 'speech_to_text', 'whisper'].sort()

/** The class makes half a matrix for each of the experts that do nothing; checkpoints have none. */
const otherWeights = ['longcat_flash']

/**
 * Recurrent layers whose matrices are called keys and values too, blocks that layers take in turn, and what stands beside the text
 * model under its names.
 */
const otherWidths = [
  'bailing_hybrid',
  'blt',
  'fun_asr_nano',
  'glm5_next',
  'hrm_text',
  'kimi_linear',
  'kyutai_speech_to_text',
  'pi0',
  'zamba',
  'zamba2',
]

test('classes of transformers are planned, with lengths and ties as the engine and the classes have them', async () => {
  const rows = await sweepClasses()
  const classes = rows.filter(({ variant }) => variant === null)
  expect(classes.length).toBeGreaterThan(300)
  expect(classes.flatMap(({ name, plan }) => (plan.outcome === 'planned' ? [] : [name]))).toEqual(untold)
  const lengths = rows.filter(({ length }) => length.engine !== null)
  expect(lengths.length).toBeGreaterThan(350)
  const differing = lengths.filter(({ length }) => length.engine !== length.planned)
  expect(differing.map(({ name }) => name)).toEqual(otherLengths)
  const sglang = rows.filter(({ sglangLength: { engine } }) => engine !== null)
  expect(sglang.length).toBe(lengths.length)
  const others = sglang.filter(({ sglangLength: { engine, planned } }) => engine !== planned)
  expect([...new Set(others.map(({ name }) => name))].sort()).toEqual(otherSglangLengths)
  const ties = classes.filter(({ tied }) => tied.byClass !== undefined && tied.byClass !== tied.withoutKey)
  expect(ties.map(({ name }) => name)).toEqual([])
  const wrong = classes.filter(
    ({ weights }) => weights.byClass !== null && !isCounted(weights) && weights.certain,
  )
  expect(wrong.map(({ name }) => name)).toEqual(otherWeights)
  expect(otherCaches(classes).map(({ name }) => name)).toEqual(otherWidths)
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/memory.md'), 'utf8')
  expect(page).toContain(`$ node test/tools/sweep/sweep.ts\n${summaryOf(rows).join('\n')}\n`)
})
