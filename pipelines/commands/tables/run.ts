import type { CommandTable } from '../../command-line/option-table.ts'
import { runnerOptions } from './runner.ts'

export const runTable = {
  name: 'run',
  summary:
    'start a verified image here, hardened as it was booted, and show the first question; Ctrl-C ends it',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    runner: {
      kind: 'text',
      values: runnerOptions.runner.values,
      help: 'what starts it; without it dagger, or docker or podman for an image that needs a GPU',
    },
    gpus: runnerOptions.gpus,
    memory: {
      kind: 'bytes',
      range: [1, Number.MAX_SAFE_INTEGER],
      help: 'limit of its memory, such as 8GiB; docker and podman only',
    },
    port: { kind: 'count', range: [1, 65535], help: 'port on 127.0.0.1; a free one when absent' },
    ask: { kind: 'text', value: 'PROMPT', help: 'ask this, print the answer and end' },
    unverified: { kind: 'flag', help: 'start an image also where no boot verified it' },
  },
} as const satisfies CommandTable
