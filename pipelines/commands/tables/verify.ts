import type { CommandTable } from '../../command-line/option-table.ts'
import { runnerOptions } from './runner.ts'

export const verifyTable = {
  name: 'verify',
  summary: 'boot a built image again, here or with docker or podman on a GPU host, and judge it; reports',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: {
    ...runnerOptions,
    memory: {
      kind: 'bytes',
      range: [1, Number.MAX_SAFE_INTEGER],
      help: 'limit of its memory, such as 8GiB; docker and podman only',
    },
    profile: { kind: 'text', values: ['hostile', 'plain'], help: 'this one instead of those of the recipe' },
    'stand-in': {
      kind: 'flag',
      help: 'boot an image for a GPU on the CPU of this machine, with a driver that has no device; what can be asked so is asked, and kernels do not run (SGLang from wheels)',
    },
    report: {
      kind: 'text',
      value: 'FOLDER',
      help: 'folder for report.json, report.md, report.xml (JUnit) and report.html',
    },
    json: { kind: 'flag', help: 'the report as JSON' },
  },
} as const satisfies CommandTable
