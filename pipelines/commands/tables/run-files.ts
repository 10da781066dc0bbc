import type { CommandTable } from '../../command-line/option-table.ts'

export const runFilesTable = {
  name: 'run-files',
  summary: 'how to start an image, hardened as it was booted and sized as it was measured',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    for: {
      kind: 'text',
      value: 'TOOL',
      values: ['docker', 'compose', 'kubernetes', 'quadlet'],
      isRequired: true,
      isRepeatable: true,
      help: 'what is to start it',
    },
    image: {
      kind: 'text',
      value: 'REPO',
      help: 'repository the image is published to; without this, the name a bundle loads it under',
    },
    to: { kind: 'text', value: 'FOLDER', help: 'write files there instead of stdout' },
    unverified: { kind: 'flag', help: 'also for an image that no boot verified, without its figures' },
    json: { kind: 'flag', help: 'as JSON: a list of name and content' },
  },
} as const satisfies CommandTable
