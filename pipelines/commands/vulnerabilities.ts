import { verdictText, vulnerabilitiesText } from '../../images/vulnerabilities/text.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { type ImageVulnerabilities, vulnerabilitiesOf } from '../vulnerabilities/vulnerabilities.ts'
import { vulnerabilitiesTable } from './tables/vulnerabilities.ts'

export const vulnerabilitiesCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, vulnerabilitiesTable)
  const { settings, signal, progress, stdout, stderr } = context
  const store = await openStore(settings.storeFolder)
  try {
    const image = await findImage(positionals[0] ?? '', store, { settings, act: 'vulnerabilities' })
    progress.step(`look up the packages of ${image.report.image}`)
    const own = image.origin?.recipe.vulnerabilities ?? {}
    const policy = values.limit === undefined ? own : { ...own, limit: values.limit }
    const found = await vulnerabilitiesOf(image, {
      ...{ store, policy, database: values.database, settings },
      signal,
    })
    const { report } = image
    if (!found.hasEvidence)
      stderr(
        `ingot: nothing is proven away: the store does not have what slimming took from ${report.image}; ingot build makes it again where the record of its runtime is gone\n`,
      )
    const text = textOf(found, values.format)
    stdout(text)
    // A document says nothing of limits, and there is none without a statement.
    if (values.format === 'openvex' || values.format === 'cyclonedx')
      for (const line of [...(text === '' ? [noDocument] : []), ...verdictText(found.verdict)])
        stderr(`ingot: ${line}\n`)
    return found.verdict.status === 'failed' ? 1 : 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

const noDocument = 'no finding is proven away, so there is no document'

function textOf(found: ImageVulnerabilities, format: Values<typeof vulnerabilitiesTable>['format']): string {
  const { scan, findings, verdict, hasEvidence } = found
  switch (format) {
    case 'text':
      return `${vulnerabilitiesText(scan, findings, verdict).join('\n')}\n`
    case 'json':
      return `${JSON.stringify({ ...scan, findings, verdict, hasEvidence }, null, 2)}\n`
    case 'openvex':
      return lineOf(found.openVex)
    case 'cyclonedx':
      return lineOf(found.cycloneDxVex)
  }
}

function lineOf(document: string | undefined): string {
  return document === undefined ? '' : `${document}\n`
}
