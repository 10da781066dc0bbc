import { formatBytes } from '../../lib/bytes.ts'
import { type OriginalImage, requireOrigin, requireVerified } from '../catalogue/built-image.ts'
import { findImage, isRecipeFile } from '../catalogue/find-image.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { requireBenched } from '../load/load-record.ts'
import { openConnection } from '../network/connection.ts'
import { basicLogin, findLogin, type Login } from '../network/login.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { publishBuilt } from '../publish/built-publish.ts'
import { copyPublished } from '../publish/copy-published.ts'
import type { Publication } from '../publish/publish.ts'
import {
  namesHost,
  type PushTarget,
  parsePushTarget,
  parseReference,
  repositoryOf,
  requireTag,
} from '../registry-client/reference.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { readSecret } from '../weights/token.ts'
import { withEngine } from './engine.ts'
import { signerOf } from './signer.ts'
import { publishTable } from './tables/publish.ts'

export const publishCommand: Command = { run }

type PublishValues = Values<typeof publishTable>

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, publishTable)
  const [first = ''] = positionals
  if (positionals.some(isPublished)) return copy(readCopy(values, positionals), first, context)
  return publish(values, positionals, context)
}

async function publish(
  values: PublishValues,
  positionals: readonly string[],
  context: CommandContext,
): Promise<number> {
  const target = parsePushTarget(values.to)
  const tags = tagsOf(values, target)
  const { settings, signal } = context
  const signer = await signerOf('publish', values, settings)
  const store = await openStore(settings.storeFolder)
  const connection = openConnection(settings.proxies, signal)
  try {
    const built = await publishable(values, positionals, { store, settings })
    const published = await withEngine(context, (engine) => {
      // The engine starts only for a secret that needs it.
      const resolveSecret = daggerSecrets(() => engine.client())
      return publishBuilt({
        store,
        connection,
        target,
        tags,
        built,
        signer,
        ...choicesOf(values),
        login: loginOf(values, target, context, resolveSecret),
        resolveSecret,
        context,
      })
    })
    context.stdout(values.json ? `${JSON.stringify(published, null, 2)}\n` : publishedText(target, published))
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await connection.close()
    await closeStore(store)
  }
}

/** Images that may leave. Throws `no-image` and `not-verified`. */
async function publishable(
  values: PublishValues,
  texts: readonly string[],
  { store, settings }: { store: Store; settings: CommandContext['settings'] },
): Promise<OriginalImage[]> {
  const find = async (text: string) =>
    requireOrigin(await findImage(text, store, { settings, act: 'publish' }), 'publish')
  const built = await Promise.all(texts.map(find))
  for (const image of built) requireVerified(image, values.unverified, 'publish')
  if (values.benched) for (const image of built) await requireBenched(store, image)
  return built
}

/** An image of a registry is copied as it is: nothing of it is made here. */
function isPublished(text: string): boolean {
  return !isRecipeFile(text) && namesHost(text)
}

/** Options that a copy takes. Throws `usage` for what would change what is copied, and for several images. */
function readCopy(values: PublishValues, positionals: readonly string[]): PublishValues {
  if (positionals.length > 1) throw usageError('publish', 'an image of a registry is copied alone: name one')
  const others = ['sign', 'transparency-log', 'sbom', 'benched', 'no-attachments'] as const
  const given = others.filter((name) => values[name] !== undefined && values[name] !== false)
  if (given.length === 0) return values
  throw usageError(
    'publish',
    `an image of a registry is copied with what is beside it, and nothing is made anew: leave out --${given.join(' and --')}`,
  )
}

async function copy(values: PublishValues, from: string, context: CommandContext): Promise<number> {
  const target = parsePushTarget(values.to)
  const { settings, signal, stdout } = context
  const store = await openStore(settings.storeFolder)
  const connection = openConnection(settings.proxies, signal)
  try {
    const copied = await withEngine(context, (engine) =>
      copyPublished({
        ...{ store, connection, from: parseReference(from), target, tags: tagsOf(values, target), context },
        ...{ isUnverified: values.unverified, mountFrom: values['mount-from'], parallel: values.parallel },
        ...(values['chunk-size'] !== undefined && { chunkBytes: values['chunk-size'] }),
        login: loginOf(
          values,
          target,
          context,
          daggerSecrets(() => engine.client()),
        ),
      }),
    )
    stdout(
      values.json
        ? `${JSON.stringify(copied, null, 2)}\n`
        : publishedText(target, { ...copied, companions: [] }),
    )
    return 0
  } finally {
    await connection.close()
    await closeStore(store)
  }
}

function tagsOf(values: PublishValues, target: PushTarget): string[] {
  const tags = [...new Set([...(target.tag ? [target.tag] : []), ...values.tag.map(requireTag)])]
  return tags.length === 0 ? ['latest'] : tags
}

/** What the options say of the way an image leaves. */
function choicesOf(values: PublishValues) {
  return {
    isUnverified: values.unverified,
    hasAttachments: !values['no-attachments'],
    sbom: values.sbom ? 'required' : 'if-possible',
    mountFrom: values['mount-from'],
    parallel: values.parallel,
    ...(values['chunk-size'] !== undefined && { chunkBytes: values['chunk-size'] }),
  } as const
}

function loginOf(
  values: PublishValues,
  target: PushTarget,
  { settings }: CommandContext,
  resolveSecret: (uri: string) => Promise<string>,
): () => Promise<Login | undefined> {
  const { username, 'password-from': uri } = values
  if (username === undefined && uri === undefined) return () => findLogin(target.host, settings)
  if (username === undefined || uri === undefined)
    throw usageError('publish', '--username and --password-from belong together')
  if (!/^\w[\w+]*:\/\//.test(uri))
    throw usageError('publish', '--password-from takes a URI such as env://NAME, never the password itself')
  let login: Promise<Login> | undefined
  const read = async () => {
    const secret = await readSecret(uri, { settings, resolveSecret })
    return basicLogin(username, secret.reveal(), secret.origin)
  }
  // Scan, upload and signing ask for it; the secret is read once.
  return () => (login ??= read())
}

function publishedText(target: PushTarget, done: Publication & { companions: Publication[] }): string {
  const lines = [done, ...done.companions].map(
    ({ presentBytes, mountedBytes, sentBytes }) =>
      `sent ${formatBytes(sentBytes)}, already there ${formatBytes(presentBytes)}, mounted from other repositories ${formatBytes(mountedBytes)}`,
  )
  return [
    ...lines,
    ...done.tags.map((tag) => `${repositoryOf(target)}:${tag}`),
    `${repositoryOf(target)}@${done.digest}`,
    done.digest,
    '',
  ].join('\n')
}
