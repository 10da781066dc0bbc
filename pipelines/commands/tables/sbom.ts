import type { CommandTable } from '../../command-line/option-table.ts'

export const sbomTable = {
  name: 'sbom',
  summary: 'what a built image is made of, by syft, with its model',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    format: {
      kind: 'text',
      values: ['spdx', 'cyclonedx'],
      default: 'spdx',
      help: 'SPDX 2.3 or CycloneDX 1.6, both as JSON',
    },
    modelcar: { kind: 'flag', help: 'of the modelcar beside the server' },
  },
} as const satisfies CommandTable
