import { existsSync } from 'node:fs'
import type { Attribution } from '../../images/attribution/attribution.ts'
import { type PullFigures, pullFrom, pullText } from '../../images/attribution/pull.ts'
import { attributionText, counted } from '../../images/attribution/text.ts'
import { findEngine } from '../../images/engines/engines.ts'
import { labelNames } from '../../images/oci/label-names.ts'
import { certificatesPath, settingsFiles } from '../../images/tree/settings.ts'
import { prettyJson } from '../../lib/json.ts'
import { optional } from '../../lib/optional.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { type OpenImage, parsePlatform } from '../image-reader/image.ts'
import { storedListings } from '../image-reader/listings.ts'
import { openReference } from '../image-reader/open.ts'
import { readRecipeName } from '../lock/recipe-texts.ts'
import type { Settings } from '../settings/settings.ts'
import { sizeImage } from '../size/size.ts'
import { requireIntact } from '../store/damage.ts'
import { closeStore, openStoreToRead } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { sizeTable } from './tables/size.ts'

export const sizeCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, sizeTable)
  const platform = parsePlatform(values.platform)
  const { settings, signal, progress } = context
  const folder = settings.storeFolder
  const [text = ''] = positionals
  const recipes = [text, values.from ?? ''].filter(isRecipe)
  const store = recipes.length > 0 || existsSync(folder) ? await openStoreToRead(folder) : null
  const open = async (name: string) => {
    const reference = isRecipe(name) && store ? await imageOfRecipe(name, store, settings) : name
    return openReference(reference, { store, platform, settings, signal })
  }
  try {
    // The one that a node has is not read: its manifest tells its layers.
    const before = values.from === undefined ? undefined : await layersOf(values.from, open)
    const image = await open(text)
    try {
      if (store) await requireStored(store, image, context)
      const found = await sizeImage(image, {
        gpuCode: values['gpu-code'],
        top: values.top,
        ...knownPaths(image),
        ...cacheOf(image.isStored ? store : null),
        onProgress: (done, total) => progress.bytes('layers', done, total),
      })
      const pull = before && pullFrom(before.reference, before.digests, found.layers)
      context.stdout(values.json ? sizeJson(image, found, pull) : sizeText(image, found, pull))
    } finally {
      await image.close()
    }
  } finally {
    if (store) await closeStore(store)
  }
  return 0
}

/** Layers whose listing is kept are not read again, so their bytes are looked at. */
async function requireStored(
  store: Store,
  { isStored, digest }: OpenImage,
  { progress, signal }: CommandContext,
): Promise<void> {
  if (!isStored || digest === null) return
  const onBytes = (done: number, total: number) =>
    progress.bytes('hash what changed in the store', done, total)
  await requireIntact(store, [digest], { by: 'stamp', onBytes, signal })
}

/** A file of another name may be an archive with an image. */
function isRecipe(text: string): boolean {
  return /\.ya?ml$/.test(readRecipeName(text).file)
}

async function layersOf(name: string, open: (name: string) => Promise<OpenImage>) {
  const image = await open(name)
  try {
    return { reference: image.reference, digests: image.layers.map(({ digest }) => digest) }
  } finally {
    await image.close()
  }
}

async function imageOfRecipe(
  file: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<string> {
  return (await findImage(file, store, { settings, act: 'size' })).report.image
}

/** Images that ingot made say which engine they hold. */
function knownPaths({ labels }: OpenImage) {
  const [id = ''] = (labels[labelNames.engine] ?? '').split('@')
  const engine = findEngine(id)
  if (engine === undefined) return {}
  const own = settingsFiles().flatMap((file) => (file.type === 'file' ? [file.path] : []))
  return { known: { engine: engine.enginePaths, own: [...own, certificatesPath] } }
}

function cacheOf(store: Store | null) {
  return store === null ? {} : { cache: storedListings(store) }
}

function sizeText(
  { reference, digest, platform, layers }: OpenImage,
  found: Attribution,
  pull: PullFigures | undefined,
): string {
  const about = [platform, counted(layers.length, 'layer'), ...(digest === null ? [] : [digest])].join(', ')
  const pulling = pull === undefined ? [] : [...pullText(pull), '']
  return [`${reference}: ${about}`, ...pulling, ...attributionText(found), ''].join('\n')
}

function sizeJson(
  { reference, digest, platform }: OpenImage,
  found: Attribution,
  pull: PullFigures | undefined,
): string {
  // Plain data; interfaces without an index signature need the cast.
  const plain = { ...found, ...optional('pull', pull) } as unknown as Record<string, never>
  return prettyJson({ reference, digest, platform, ...plain })
}
