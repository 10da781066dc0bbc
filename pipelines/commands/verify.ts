import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { reportHtml } from '../../images/report/html.ts'
import { reportJunit } from '../../images/report/junit.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { type Report, reportJson } from '../../images/report/report.ts'
import { reportText } from '../../images/report/text.ts'
import { prettyJson } from '../../lib/json.ts'
import { type Profile, profiles } from '../../recipes/recipe.ts'
import { parseGpuChoice } from '../boot/container-flags.ts'
import { findImage } from '../catalogue/find-image.ts'
import {
  type Command,
  type CommandContext,
  readArguments,
  readBytes,
  usageError,
} from '../command-line/command.ts'
import { makeFolder } from '../files/make-folder.ts'
import { storeFolder } from '../process/folders.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { type VerifyOptions, verifyAgain } from '../verify/run.ts'
import { subjectOf } from '../verify/subject.ts'
import { withEngine } from './engine.ts'

export const verifyCommand: Command = {
  options: {
    runner: 'what boots it: dagger (default), docker or podman',
    gpus: 'GPUs to hand to it: all, a number of them, indexes such as 0,1, or nvidia.com/gpu=all by CDI; docker and podman only',
    memory: 'limit of its memory, such as 8GiB; docker and podman only',
    profile: 'hostile or plain instead of those of the recipe',
    report: 'folder for report.json, report.md, report.xml (JUnit) and report.html',
    json: 'the report as JSON',
  },
  run,
}

const options = {
  runner: { type: 'string', default: 'dagger' },
  gpus: { type: 'string' },
  memory: { type: 'string' },
  profile: { type: 'string' },
  report: { type: 'string' },
  json: { type: 'boolean' },
} as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'verify', least: 1, most: 1 })
  const chosen = readOptions(values)
  const store = await openStore(storeFolder(context.environment))
  try {
    const { environment } = context
    const image = await findImage(positionals[0] ?? '', store, { environment, act: 'verify' })
    const subject = await subjectOf(image, store)
    const { report, stored } = await withEngine(context, (engine) =>
      verifyAgain(subject, chosen, { ...context, store, engine: () => engine.client() }),
    )
    if (!stored)
      context.progress.step('these profiles are a part of the plan: the stored report stays as it is')
    if (values.report !== undefined) await writeReports(resolve(values.report), report)
    context.stdout(values.json ? prettyJson(reportJson(report)) : reportText(report))
    return report.verdict === 'verified' ? 0 : 1
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

function readOptions(
  values: RunnerValues & { memory?: string | undefined; profile?: string | undefined },
): VerifyOptions {
  const { memory, profile = null } = values
  if (values.runner === 'dagger' && memory !== undefined)
    throw usageError('verify', '--gpus and --memory need --runner docker or podman')
  if (profile !== null && !isProfile(profile))
    throw usageError('verify', `there is no profile "${profile}"; it is ${profiles.join(' or ')}`)
  return {
    ...readRunnerOptions('verify', values),
    memoryBytes: memory === undefined ? null : readBytes('verify', 'memory', memory),
    profile,
  }
}

interface RunnerValues {
  runner: string
  gpus?: string | undefined
}

/** The runner and its GPUs, as every command that boots takes them. */
export function readRunnerOptions(command: string, { runner, gpus: text }: RunnerValues): VerifyOptions {
  if (runner !== 'dagger' && runner !== 'docker' && runner !== 'podman')
    throw usageError(command, `there is no runner "${runner}"; it is dagger, docker or podman`)
  const gpus = text === undefined ? null : parseGpuChoice(text)
  if (text !== undefined && gpus === null)
    throw usageError(command, `--gpus ${text} is neither all, nor a number, nor indexes such as 0,1`)
  if (runner === 'dagger' && gpus !== null)
    throw usageError(command, '--gpus and --memory need --runner docker or podman')
  return { runner, gpus, memoryBytes: null, profile: null }
}

function isProfile(text: string): text is Profile {
  return profiles.some((name) => name === text)
}

/** The report in every form, for people, browsers, programs and CI. */
export async function writeReports(folder: string, report: Report): Promise<void> {
  await makeFolder(folder)
  const files: Record<string, string> = {
    'report.json': prettyJson(reportJson(report)),
    'report.md': reportMarkdown(report),
    'report.xml': reportJunit(report),
    'report.html': reportHtml(report),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}
