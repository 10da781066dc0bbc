import { severities } from '../../../recipes/severities.ts'
import type { CommandTable } from '../../command-line/option-table.ts'

export const vulnerabilitiesTable = {
  name: 'vulnerabilities',
  summary:
    'known vulnerabilities of an image by grype, and which of them slimming took; fails beyond a limit',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    database: {
      kind: 'text',
      value: 'FOLDER|FILE',
      help: 'a folder that grype db update filled, or a file that grype db import takes; without this, grype’s own',
    },
    limit: {
      kind: 'text',
      values: severities,
      help: 'from this severity on a finding fails; without this, what the recipe says',
    },
    format: {
      kind: 'text',
      values: ['text', 'json', 'openvex', 'cyclonedx'],
      default: 'text',
      help: 'for people, or everything as JSON, or what is proven away as OpenVEX 0.2.0 or CycloneDX 1.6',
    },
  },
} as const satisfies CommandTable
