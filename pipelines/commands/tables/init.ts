import { engineIds } from '../../../recipes/engine-ids.ts'
import { tasks } from '../../../recipes/tasks.ts'
import type { CommandTable } from '../../command-line/option-table.ts'

export const initTable = {
  name: 'init',
  summary: 'write a recipe for a model: engine, precision and context that fit; or show what fits which card',
  positionals: { name: 'MODEL', least: 0, most: 1 },
  options: {
    gpu: {
      kind: 'text',
      value: 'GPU',
      help: 'the card, such as l4, h100, rtx-4090, or cpu; without it a table shows what fits which card, and a terminal is asked',
    },
    count: {
      kind: 'count',
      range: [1, 8],
      help: 'so many cards; without it as few of 1, 2, 4 and 8 as it takes',
    },
    engine: {
      kind: 'text',
      value: 'ENGINE',
      known: engineIds,
      help: 'this engine; without it the one that suits best',
    },
    task: {
      kind: 'text',
      value: 'TASK',
      values: tasks,
      isRepeatable: true,
      help: 'what the server is for; without it the files of the model tell',
    },
    name: { kind: 'text', value: 'NAME', help: 'name of the recipe and the image' },
    to: {
      kind: 'text',
      value: 'FILE',
      help: 'file of the recipe; NAME.yaml when absent. One that is there is never changed',
    },
    'accept-license': {
      kind: 'flag',
      help: 'you have read the licence of the weights and accept it: the recipe says so by its name',
    },
    ci: {
      kind: 'flag',
      help: 'write .github/workflows/ingot.yml, which builds every recipe of a repository; MODEL can be left out',
    },
    yes: {
      kind: 'flag',
      help: 'ask nothing, also on a terminal: without --gpu this machine’s card is taken, or else a processor',
    },
  },
} as const satisfies CommandTable
