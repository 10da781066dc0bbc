import { resolve } from 'node:path'
import { formatBytes } from '../../lib/bytes.ts'
import type { BundleSummary } from '../bundle/bundle.ts'
import { bundleBuilt } from '../bundle/bundle-built.ts'
import { readEarlier } from '../bundle/earlier.ts'
import { requireOrigin, requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { withEngine } from './engine.ts'
import { signerOf } from './signer.ts'
import { bundleTable } from './tables/bundle.ts'

export const bundleCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, bundleTable)
  const partBytes = values['part-size']
  const earlier = values.since === undefined ? undefined : await readEarlier(values.since)
  const { settings } = context
  const signer = await signerOf('bundle', values, settings)
  const store = await openStore(settings.storeFolder)
  try {
    const find = async (text: string) =>
      requireOrigin(await findImage(text, store, { settings, act: 'bundle' }), 'bundle')
    const built = await Promise.all(positionals.map(find))
    for (const image of built) requireVerified(image, values.unverified, 'bundle')
    const folder = resolve(values.to)
    const request = {
      ...{ store, built, folder, partBytes, earlier, signer, context },
      isUnverified: values.unverified,
      sbom: values.sbom ? ('required' as const) : ('if-possible' as const),
    }
    const bundled = await withEngine(context, (engine) =>
      // The engine starts only for a secret that needs it.
      bundleBuilt({ ...request, resolveSecret: daggerSecrets(() => engine.client()) }),
    )
    const text = bundledText(folder, bundled, signer !== undefined)
    context.stdout(values.json ? `${JSON.stringify(bundled, null, 2)}\n` : text)
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

function bundledText(
  folder: string,
  { files, sizeBytes, parts, takenBytes, seal }: BundleSummary,
  isSigned: boolean,
): string {
  return [
    `${files} files, ${formatBytes(sizeBytes)}${parts > 0 ? ` in ${parts} parts` : ''}${takenBytes > 0 ? `; ${formatBytes(takenBytes)} are in the earlier bundle` : ''}`,
    `at the site: sh verify.sh must print ${seal}`,
    ...(isSigned ? ['or, with the public key there: sh verify.sh --key KEY.pub checks the signatures'] : []),
    folder,
    '',
  ].join('\n')
}
