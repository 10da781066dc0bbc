import { resolve } from 'node:path'
import { formatBytes, parseBytes } from '../../lib/bytes.ts'
import { findBuilt, requireVerified } from '../built/image.ts'
import { bundleContents } from '../bundle/built.ts'
import { type Bundled, writeBundle } from '../bundle/bundle.ts'
import { readEarlier } from '../bundle/earlier.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder, usageError } from './command.ts'

export const bundleCommand: Command = {
  options: {
    'to FOLDER': 'a new or empty folder: an OCI image layout with everything else beside it',
    'part-size SIZE': 'as one tar cut into files of this size, such as 4GB, instead of a layout',
    'since EARLIER': 'leave out blobs of an earlier bundle: its folder, or its SHA256SUMS file alone',
    unverified: 'also an image that no boot verified; its provenance says so',
    json: 'the result as JSON',
  },
  run,
}

const options = {
  to: { type: 'string' },
  'part-size': { type: 'string' },
  since: { type: 'string' },
  unverified: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'bundle', least: 1, most: 100 })
  if (values.to === undefined) throw usageError('bundle', '--to is missing')
  const partBytes = values['part-size'] === undefined ? undefined : parseBytes(values['part-size'])
  if (partBytes !== undefined && partBytes < 1024 ** 2)
    throw usageError('bundle', '--part-size is below 1MiB, which makes too many files')
  const earlier = values.since === undefined ? undefined : await readEarlier(values.since)
  const { environment, progress } = context
  const store = await openStore(storeFolder(environment))
  try {
    const built = await Promise.all(positionals.map((file) => findBuilt(file, store, environment)))
    for (const image of built) requireVerified(image, values.unverified === true, 'bundle')
    const contents = await bundleContents(store, built, values.unverified === true, environment)
    const folder = resolve(values.to)
    progress.step(`bundle ${contents.images.length} images into ${folder}`)
    const bundled = await writeBundle({
      folder,
      ...contents,
      progress,
      ...(partBytes !== undefined && { partBytes }),
      ...(earlier !== undefined && { earlier }),
    })
    context.stdout(values.json ? `${JSON.stringify(bundled, null, 2)}\n` : bundledText(folder, bundled))
    return 0
  } finally {
    await closeStore(store)
  }
}

function bundledText(folder: string, { files, sizeBytes, parts, takenBytes, seal }: Bundled): string {
  return [
    `${files} files, ${formatBytes(sizeBytes)}${parts > 0 ? ` in ${parts} parts` : ''}${takenBytes > 0 ? `; ${formatBytes(takenBytes)} are in the earlier bundle` : ''}`,
    `at the site: sh verify.sh must print ${seal}`,
    folder,
    '',
  ].join('\n')
}
