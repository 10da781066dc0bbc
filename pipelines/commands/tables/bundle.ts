import type { CommandTable } from '../../command-line/option-table.ts'
import { signingOptions } from './signing.ts'

export const bundleTable = {
  name: 'bundle',
  summary:
    'carry images across an air gap: all that is known of them, with a checker and a loader; parts; signed',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 100 },
  options: {
    to: {
      kind: 'text',
      value: 'FOLDER',
      isRequired: true,
      help: 'a new or empty folder: an OCI image layout with everything else beside it',
    },
    'part-size': {
      kind: 'bytes',
      // Smaller ones make too many files.
      range: [1024 ** 2, Number.MAX_SAFE_INTEGER],
      help: 'as one tar cut into files of this size, such as 4GB and at least 1MiB, instead of a layout',
    },
    since: {
      kind: 'text',
      value: 'FOLDER|FILE',
      help: 'leave out blobs of an earlier bundle: its folder, or its SHA256SUMS file alone',
    },
    sbom: {
      kind: 'flag',
      help: 'fail where syft is missing; without this the SBOM is left out there, and that is said',
    },
    ...signingOptions,
    unverified: { kind: 'flag', help: 'also an image that no boot verified; its provenance says so' },
    json: { kind: 'flag', help: 'the result as JSON' },
  },
} as const satisfies CommandTable
