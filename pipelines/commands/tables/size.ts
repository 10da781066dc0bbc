import type { CommandTable } from '../../command-line/option-table.ts'

export const sizeTable = {
  name: 'size',
  summary: 'where the bytes of any image are: by cause and layer, shadowed, present twice, largest files',
  positionals: { name: 'RECIPE|NAME|DIGEST|REF', least: 1, most: 1 },
  options: {
    'gpu-code': {
      kind: 'flag',
      help: 'split libraries by the GPU architectures they hold code for; copies one library at a time',
    },
    from: {
      kind: 'text',
      value: 'RECIPE|NAME|DIGEST|REF',
      help: 'what a node that has this image still pulls and unpacks',
    },
    top: { kind: 'count', range: [0, 999_999], default: 30, help: 'length of the lists' },
    platform: {
      kind: 'text',
      value: 'OS/ARCH',
      known: ['linux/amd64', 'linux/arm64'],
      default: 'linux/amd64',
      help: 'image of an index to take',
    },
    json: { kind: 'flag', help: 'as JSON' },
  },
} as const satisfies CommandTable
