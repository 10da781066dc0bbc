import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { type LoadQuestion, questionsOf } from '../../images/load/questions.ts'
import { quantilesOf } from '../../images/load/statistics.ts'
import { askByUsers } from '../../pipelines/load/drive.ts'
import { pythonPath } from '../tools/find.ts'

/** What one generator saw of a server: medians in ms, and how many tokens each answer had. */
export interface Medians {
  ttftMs: number
  itlMs: number
  requests: number
  outputTokens: number
}

/** The same load for each: users who ask in turn, each of a list of questions that no other one asks. */
export interface JudgedLoad {
  url: string
  model: string
  users: number
  /** Another number, other texts of the same lengths: no cache of prompts may help the second one. */
  step: number
}

const shapes = [{ inputTokens: 96, outputTokens: 24 }]
const requests = 24

function asked(step: number): LoadQuestion[] {
  return questionsOf({ shapes, requests }, { perWord: 1.1, around: 30, from: 'usage' }, step)
}

/** Ours. */
export async function byIngot({ url, model, users, step }: JudgedLoad): Promise<Medians> {
  const target = {
    ...{ url, model, key: null, timeoutMs: 120_000 },
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat' as const },
    clock: { now: () => performance.now() },
    signal: new AbortController().signal,
  }
  const run = await askByUsers(target, asked(step), users)
  const failed = run.requests.find(({ error }) => error !== null)
  if (failed !== undefined) throw new Error(`a request failed: ${failed.error}`)
  return {
    ttftMs: medianOf(run.requests.map(({ ttftMs }) => ttftMs)),
    itlMs: medianOf(run.requests.map(({ itlMs }) => itlMs)),
    requests: run.requests.length,
    outputTokens: medianOf(run.requests.map(({ outputTokens }) => outputTokens)),
  }
}

function medianOf(values: readonly (number | null)[]): number {
  const median = quantilesOf(values.filter((value) => value !== null))?.p50
  if (median === undefined) throw new Error('nothing was measured')
  return median
}

const aiperfSchema = z.object({
  time_to_first_token: z.object({ p50: z.number() }),
  inter_token_latency: z.object({ p50: z.number() }),
  output_sequence_length: z.object({ p50: z.number() }),
  request_count: z.object({ avg: z.number() }),
})

/** NVIDIA's aiperf, by tokens of the server. Its own count is not used, so that any tokenizer will do. */
export async function byAiperf(load: JudgedLoad, folder: string): Promise<Medians> {
  const input = join(folder, 'aiperf.jsonl')
  await writeLines(
    input,
    asked(load.step).map(({ prompt, outputTokens }) => ({ text: prompt, output_length: outputTokens })),
  )
  const out = join(folder, 'aiperf')
  await run('aiperf', folder, [
    ...['profile', '--model-names', load.model, '--url', load.url, '--endpoint-type', 'chat', '--streaming'],
    ...['--input-file', input, '--custom-dataset-type', 'single_turn'],
    ...['--concurrency', String(load.users), '--request-count', String(requests)],
    ...['--tokenizer', await anyTokenizer(folder), '--use-server-token-count', '--use-legacy-max-tokens'],
    ...['--extra-inputs', 'ignore_eos:true', '--extra-inputs', 'temperature:0'],
    ...['--ui-type', 'none', '--output-artifact-dir', out],
  ])
  const told = aiperfSchema.parse(JSON.parse(await readFile(join(out, 'profile_export_aiperf.json'), 'utf8')))
  return {
    ttftMs: told.time_to_first_token.p50,
    itlMs: told.inter_token_latency.p50,
    requests: told.request_count.avg,
    outputTokens: told.output_sequence_length.p50,
  }
}

/** One word of a vocabulary is enough: nothing is counted by it. */
async function anyTokenizer(folder: string): Promise<string> {
  const model = { type: 'WordLevel', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' }
  const parts = { truncation: null, padding: null, normalizer: null, post_processor: null, decoder: null }
  const whole = { version: '1.0', added_tokens: [], pre_tokenizer: { type: 'Whitespace' }, ...parts, model }
  const place = join(folder, 'tokenizer')
  await mkdir(place, { recursive: true })
  await writeFile(join(place, 'tokenizer.json'), JSON.stringify(whole))
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]' }
  await writeFile(join(place, 'tokenizer_config.json'), JSON.stringify(config))
  return place
}

const successful = z.object({ successful: z.object({ median: z.number(), count: z.number() }) })
const guidellmSchema = z.object({
  benchmarks: z
    .array(
      z.object({
        metrics: z.object({
          time_to_first_token_ms: successful,
          inter_token_latency_ms: successful,
          output_token_count: successful,
        }),
      }),
    )
    .length(1),
})

/** guidellm of the vLLM project. */
export async function byGuidellm(load: JudgedLoad, folder: string): Promise<Medians> {
  const [input, out] = [join(folder, 'guidellm.jsonl'), join(folder, 'guidellm.json')]
  await writeLines(
    input,
    asked(load.step).map(({ prompt, outputTokens }) => ({ prompt, output_tokens_count: outputTokens })),
  )
  await run('guidellm', folder, [
    ...['run', '--backend', `kind=openai_http,target=${load.url},model=${load.model}`],
    ...['--profile', `kind=concurrent,streams=${load.users}`],
    ...['--constraint', `kind=max_requests,count=${requests}`],
    ...['--data', `kind=json_file,path=${input}`, '--output', `kind=json,path=${out}`, '--disable-console'],
  ])
  const [told] = guidellmSchema.parse(JSON.parse(await readFile(out, 'utf8'))).benchmarks
  if (told === undefined) throw new Error('guidellm told nothing')
  const {
    time_to_first_token_ms: ttft,
    inter_token_latency_ms: itl,
    output_token_count: tokens,
  } = told.metrics
  return {
    ttftMs: ttft.successful.median,
    itlMs: itl.successful.median,
    requests: ttft.successful.count,
    outputTokens: tokens.successful.median,
  }
}

/** In a home of its own, and without a word to anybody. */
async function run(name: 'aiperf' | 'guidellm', folder: string, args: readonly string[]): Promise<void> {
  const program = join(dirname(pythonPath(name)), name)
  const environment = { ...process.env, HOME: folder, DO_NOT_TRACK: '1', HF_HUB_DISABLE_TELEMETRY: '1' }
  await promisify(execFile)(program, args, {
    cwd: folder,
    env: environment,
    timeout: 600_000,
    maxBuffer: 1 << 26,
  })
}

async function writeLines(path: string, rows: readonly object[]): Promise<void> {
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}
