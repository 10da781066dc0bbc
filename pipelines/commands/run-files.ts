import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runFilesFor } from '../../images/run-files/generate.ts'
import { requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { makeFolder } from '../files/make-folder.ts'
import { parsePushTarget, repositoryOf } from '../registry-client/reference.ts'
import { closeStore, explainGone, openStoreToRead } from '../store/open.ts'
import { runFacts } from './run-files-of.ts'
import { placementOf, requireFit, requireKservePort, requireTargets } from './run-files-placement.ts'
import { runFilesTable } from './tables/run-files.ts'

export const runFilesCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, runFilesTable)
  const repository = values.image === undefined ? undefined : repositoryOf(parsePushTarget(values.image))
  const placement = placementOf(values)
  if (values.for.includes('helm') && values.to === undefined && !values.json)
    throw usageError('run-files', 'a chart is a folder of files: name a place for it with --to FOLDER')
  const store = await openStoreToRead(context.settings.storeFolder)
  try {
    const { settings } = context
    const built = await findImage(positionals[0] ?? '', store, { settings, act: 'run-files' })
    requireVerified(built, values.unverified, 'write run files for')
    const facts = await runFacts(store, built, repository)
    requireFit(placement, facts)
    requireTargets(values.for, facts)
    if (values.for.includes('kserve-llm')) requireKservePort(facts)
    const files = values.for.flatMap((target) => runFilesFor(target, facts, placement))
    if (values.to !== undefined) {
      for (const { name, content } of files) {
        await makeFolder(dirname(join(values.to, name)))
        await writeFile(join(values.to, name), content)
      }
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
