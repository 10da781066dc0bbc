import type { CommandTable } from '../../command-line/option-table.ts'
import { runnerOptions } from './runner.ts'

export const buildTable = {
  name: 'build',
  summary: 'plan, build, boot and verify, several at a time; the digest comes last on stdout',
  positionals: { name: 'RECIPE|FOLDER', least: 1, most: 100 },
  options: {
    parallel: {
      kind: 'count',
      range: [1, 99],
      // Downloads and the engine wait for each other's lines and disks; more recipes at once mainly want more of both.
      default: 2,
      help: 'recipes built at the same time; they boot one after the other',
    },
    'from-registry': {
      kind: 'text',
      value: 'IMAGE',
      isRepeatable: true,
      help: 'use weight layers that this image has; with --no-verify none of them is downloaded. HOST/NAME@sha256:… of the same plan: all its layers, nothing is built',
    },
    ...runnerOptions,
    'no-verify': { kind: 'flag', help: 'do not boot the image; its report says "not booted"' },
    'no-slim': {
      kind: 'flag',
      help: 'build NAME-stock from the same lock, with nothing removed, for comparison',
    },
    report: {
      kind: 'text',
      value: 'FOLDER',
      help: 'folder for NAME/report.json, report.md, report.xml (JUnit) and report.html of each image, failed ones too',
    },
    json: { kind: 'flag', help: 'the reports as JSON' },
  },
} as const satisfies CommandTable
