import { resolve } from 'node:path'
import { formatBytes } from '../../lib/bytes.ts'
import type { Bundled } from '../bundle/bundle.ts'
import { bundleBuilt } from '../bundle/bundle-built.ts'
import { readEarlier } from '../bundle/earlier.ts'
import { requireOrigin, requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import {
  type Command,
  type CommandContext,
  readArguments,
  readBytes,
  usageError,
} from '../command-line/command.ts'
import { storeFolder } from '../process/folders.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { withEngine } from './engine.ts'
import { signerOf, signerOptions, transparencyLogText } from './signer.ts'

export const bundleCommand: Command = {
  options: {
    'to FOLDER': 'a new or empty folder: an OCI image layout with everything else beside it',
    'part-size SIZE': 'as one tar cut into files of this size, such as 4GB, instead of a layout',
    'since EARLIER': 'leave out blobs of an earlier bundle: its folder, or its SHA256SUMS file alone',
    sbom: 'fail where syft is missing; without this the SBOM is left out there, and that is said',
    'sign KEY':
      'sign and attest by cosign, without a registry: a key as cosign names it (file, env://, awskms:// …), or keyless for the identity of the CI. Its password is taken from COSIGN_PASSWORD',
    'transparency-log': transparencyLogText,
    unverified: 'also an image that no boot verified; its provenance says so',
    json: 'the result as JSON',
  },
  run,
}

const options = {
  to: { type: 'string' },
  'part-size': { type: 'string' },
  since: { type: 'string' },
  sbom: { type: 'boolean' },
  ...signerOptions,
  unverified: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'bundle', least: 1, most: 100 })
  if (values.to === undefined) throw usageError('bundle', '--to is missing')
  const partBytes =
    values['part-size'] === undefined ? undefined : readBytes('bundle', 'part-size', values['part-size'])
  if (partBytes !== undefined && partBytes < 1024 ** 2)
    throw usageError('bundle', '--part-size is below 1MiB, which makes too many files')
  const earlier = values.since === undefined ? undefined : await readEarlier(values.since)
  const { environment } = context
  const signer = await signerOf('bundle', values, environment)
  const store = await openStore(storeFolder(environment))
  try {
    const find = async (text: string) =>
      requireOrigin(await findImage(text, store, { environment, act: 'bundle' }), 'bundle')
    const built = await Promise.all(positionals.map(find))
    for (const image of built) requireVerified(image, values.unverified === true, 'bundle')
    const folder = resolve(values.to)
    const request = {
      ...{ store, built, folder, partBytes, earlier, signer, context },
      isUnverified: values.unverified === true,
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
  { files, sizeBytes, parts, takenBytes, seal }: Bundled,
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
