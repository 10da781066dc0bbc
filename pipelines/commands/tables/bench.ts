import type { CommandTable } from '../../command-line/option-table.ts'
import { runnerOptions } from './runner.ts'

export const benchTable = {
  name: 'bench',
  summary:
    'boot a built image, look at its answers and measure it under load; limits of the recipe are a gate',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    ...runnerOptions,
    report: {
      kind: 'text',
      value: 'FOLDER',
      help: 'folder for load.json, load.md, load.xml (JUnit) and load.html',
    },
    against: {
      kind: 'text',
      value: 'FILE|last',
      help: 'load.json of a run that was accepted, or the last run in the store that kept all limits: what became slower beyond the noise fails',
    },
    record: {
      kind: 'text',
      value: 'FILE',
      help: 'write the greedy answers to verify.prompts here, for verify.quality.answers; those of before are not compared',
    },
    'although-busy': {
      kind: 'flag',
      help: 'judge the limits on a busy machine as well, where nothing is comparable otherwise',
    },
    json: { kind: 'flag', help: 'the report as JSON' },
  },
} as const satisfies CommandTable
