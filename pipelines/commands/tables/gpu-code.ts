import type { CommandTable } from '../../command-line/option-table.ts'

export const gpuCodeTable = {
  name: 'gpu-code',
  summary: 'what GPU code a library holds, by architecture, and what a target keeps of it',
  positionals: { name: 'FILE', least: 1, most: 10_000 },
  options: {
    target: {
      kind: 'text',
      value: 'ARCHITECTURE',
      isRepeatable: true,
      help: 'architecture of a GPU the image is for, such as sm_90, 9.0 or gfx1100',
    },
    'in-place': {
      kind: 'flag',
      help: 'remove what no target loads from the files, or from all files below the folders, and check them',
    },
    json: { kind: 'flag', help: 'as JSON' },
  },
  ignoresEnvironment: true,
} as const satisfies CommandTable
