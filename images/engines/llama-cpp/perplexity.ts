import type { PerplexityProgram } from '../engine.ts'
import { modelFileOf } from './parts.ts'

/** Debian's llama-perplexity, with the CPU code and the libraries of the server's own version. */
export const perplexity = {
  package: 'llama.cpp-tools-extra',
  versionOf: 'llama.cpp-tools',
  command: (deployment, { path, contextTokens, chunks }) => [
    '/usr/bin/llama-perplexity',
    ...['--model', modelFileOf(deployment)],
    ...['--file', path],
    ...['--ctx-size', String(contextTokens)],
    ...(chunks === null ? [] : ['--chunks', String(chunks)]),
    '--offline',
  ],
  printed(said) {
    // `Final estimate: PPL = 15.6921 +/- 0.46178`
    const found = /^.*Final estimate: PPL = (\d+\.\d+) \+\/- (\d+\.\d+)/m.exec(said)
    return found === null ? null : { value: found[1] ?? '', uncertainty: found[2] ?? '' }
  },
} satisfies PerplexityProgram
