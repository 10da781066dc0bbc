import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunTarget, runFileFor, runTargets } from '../../images/run-files/generate.ts'
import { requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import { type Command, type CommandContext, readArguments, usageError } from '../command-line/command.ts'
import { makeFolder } from '../files/make-folder.ts'
import { storeFolder } from '../process/folders.ts'
import { parseTarget, repositoryOf } from '../registry-client/reference.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { runFacts } from './run-files-of.ts'

export const runFilesCommand: Command = {
  options: {
    'for TOOL': `one of ${runTargets.join(', ')}; can be repeated`,
    'image REPO': 'repository the image is published to; default: the name a bundle loads it under',
    'to FOLDER': 'write files there instead of stdout',
    unverified: 'also for an image that no boot verified, without its figures',
    json: 'as JSON: a list of name and content',
  },
  run,
}

const options = {
  for: { type: 'string', multiple: true },
  image: { type: 'string' },
  to: { type: 'string' },
  unverified: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'run-files', least: 1, most: 1 })
  const targets = (values.for ?? []).map(requireTarget)
  if (targets.length === 0) throw usageError('run-files', '--for is missing')
  const repository = values.image === undefined ? undefined : repositoryOf(parseTarget(values.image))
  const store = await openStore(storeFolder(context.environment))
  try {
    const { environment } = context
    const built = await findImage(positionals[0] ?? '', store, { environment, act: 'run-files' })
    requireVerified(built, values.unverified === true, 'write run files for')
    const facts = await runFacts(store, built, repository)
    const files = targets.map((target) => runFileFor(target, facts))
    if (values.to !== undefined) {
      await makeFolder(values.to)
      for (const { name, content } of files) await writeFile(join(values.to, name), content)
    }
    if (values.json) context.stdout(`${JSON.stringify(files, null, 2)}\n`)
    else if (values.to === undefined) for (const { content } of files) context.stdout(content)
    else for (const { name } of files) context.stdout(`${join(values.to, name)}\n`)
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

function requireTarget(text: string): RunTarget {
  const target = runTargets.find((known) => known === text)
  if (target !== undefined) return target
  throw usageError('run-files', `--for ${text} is none of ${runTargets.join(', ')}`)
}
