import { z } from 'zod'
import type { PerplexityProgram } from '../engine.ts'
import type { FileSpeed, PredictedText, PrintedFigure } from '../perplexity.ts'
import { modelFileOf } from './parts.ts'

const program = '/usr/bin/llama-perplexity'

/** Debian's llama-perplexity and llama-bench, with the CPU code and the libraries of the server's own version. */
export const perplexity = {
  package: 'llama.cpp-tools-extra',
  versionOf: 'llama.cpp-tools',
  modelFile: modelFileOf,
  command: (modelFile, text) => [program, '--model', modelFile, ...textOptions(text), '--offline'],
  printed(said) {
    // `Final estimate: PPL = 15.6921 +/- 0.46178`
    const found = /^.*Final estimate: PPL = (\d+\.\d+) \+\/- (\d+\.\d+)/m.exec(said)
    return found === null ? null : { value: found[1] ?? '', uncertainty: found[2] ?? '' }
  },
  divergence: ({ reference, model, base }, text) => [
    [program, '--model', reference, ...textOptions(text), '--offline', '--kl-divergence-base', base],
    [
      ...[program, '--model', model, ...textOptions(text), '--offline'],
      ...['--kl-divergence-base', base, '--kl-divergence'],
    ],
  ],
  printedDivergence(said) {
    const mean = figureOf(said, 'Mean +KLD')
    const sameTop = figureOf(said, 'Same top p')
    const perplexity = figureOf(said, 'Mean PPL\\(Q\\)')
    const referencePerplexity = figureOf(said, 'Mean PPL\\(base\\)')
    const [median, p99, most] = ['Median +KLD', '99\\.0% +KLD', 'Maximum KLD'].map((name) =>
      numberOf(said, name),
    )
    if (!mean || !sameTop || !perplexity || !referencePerplexity || !median || !p99 || !most) return null
    return { mean, median, p99, most, sameTop, perplexity, referencePerplexity }
  },
  speed: (files) => [
    '/usr/bin/llama-bench',
    ...files.flatMap((file) => ['--model', file]),
    ...['--n-prompt', '256', '--n-gen', '32', '--repetitions', '3', '--output', 'json'],
  ],
  printedSpeeds: speedsOf,
} satisfies PerplexityProgram

function textOptions({ path, contextTokens, chunks }: PredictedText): string[] {
  return [
    ...['--file', path],
    ...['--ctx-size', String(contextTokens)],
    ...(chunks === null ? [] : ['--chunks', String(chunks)]),
  ]
}

/** `Mean    KLD:   0.004188 ±   0.000277`, `Same top p: 96.825 ± 1.107 %`. A divergence of nearly nothing may be below 0. */
function figureOf(said: string, name: string): PrintedFigure | null {
  const found = new RegExp(`^${name} *: +(-?\\d+\\.\\d+) ± +(\\d+\\.\\d+)`, 'm').exec(said)
  return found === null ? null : { value: found[1] ?? '', uncertainty: found[2] ?? '' }
}

/** `Median  KLD:   0.003327`. */
function numberOf(said: string, name: string): string | undefined {
  return new RegExp(`^${name} *: +(-?\\d+\\.\\d+)`, 'm').exec(said)?.[1]
}

const runSchema = z.array(
  z.object({
    model_filename: z.string(),
    n_prompt: z.number(),
    n_gen: z.number(),
    avg_ts: z.number(),
    stddev_ts: z.number(),
  }),
)

/** llama-bench has a run of the prompt and one of the answer for each file. */
function speedsOf(said: string, files: readonly string[]): FileSpeed[] | null {
  const text = /^\[[\s\S]*^\]/m.exec(said)?.[0]
  const runs = text === undefined ? undefined : runSchema.safeParse(jsonOf(text)).data
  const speeds = files.map((file) => {
    const ofFile = (runs ?? []).filter((run) => run.model_filename === file)
    const [prompt, output] = [ofFile.find((run) => run.n_gen === 0), ofFile.find((run) => run.n_prompt === 0)]
    if (prompt === undefined || output === undefined) return null
    return {
      prompt: { perSecond: prompt.avg_ts, spread: prompt.stddev_ts },
      output: { perSecond: output.avg_ts, spread: output.stddev_ts },
    }
  })
  return speeds.some((one) => one === null) ? null : speeds.filter((one) => one !== null)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
