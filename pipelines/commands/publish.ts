import { formatBytes } from '../../lib/bytes.ts'
import { findBuilt, requireVerified } from '../catalogue/built-image.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { basicLogin, findLogin, type Login } from '../network/login.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { publishBuilt } from '../publish/built-publish.ts'
import type { Published } from '../publish/publish.ts'
import { parseTarget, repositoryOf, requireTag, type Target } from '../registry-client/reference.ts'
import { openTransport } from '../registry-client/transport.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { readSecret } from '../weights/token.ts'
import { withEngine } from './engine.ts'
import { signerOf } from './signer.ts'
import { publishTable } from './tables/publish.ts'

export const publishCommand: Command = { run }

type PublishValues = Values<typeof publishTable>

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, publishTable)
  const target = parseTarget(values.to)
  const tags = [...new Set([...(target.tag ? [target.tag] : []), ...values.tag.map(requireTag)])]
  const { environment, settings, signal } = context
  const signer = await signerOf('publish', values, environment)
  const store = await openStore(settings.storeFolder)
  const transport = openTransport({ environment, signal })
  try {
    const built = await Promise.all(positionals.map((file) => findBuilt(file, store, settings)))
    for (const image of built) requireVerified(image, values.unverified, 'publish')
    const published = await withEngine(context, (engine) => {
      // The engine starts only for a secret that needs it.
      const resolveSecret = daggerSecrets(() => engine.client())
      return publishBuilt({
        store,
        transport,
        target,
        tags: tags.length === 0 ? ['latest'] : tags,
        built,
        isUnverified: values.unverified,
        hasAttachments: !values['no-attachments'],
        sbom: values.sbom ? 'required' : 'if-possible',
        signer,
        mountFrom: values['mount-from'],
        parallel: values.parallel,
        ...(values['chunk-size'] !== undefined && { chunkBytes: values['chunk-size'] }),
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
    await transport.close()
    await closeStore(store)
  }
}

function loginOf(
  values: PublishValues,
  target: Target,
  { environment }: CommandContext,
  resolveSecret: (uri: string) => Promise<string>,
): () => Promise<Login | undefined> {
  const { username, 'password-from': uri } = values
  if (username === undefined && uri === undefined) return () => findLogin(target.host, environment)
  if (username === undefined || uri === undefined)
    throw usageError('publish', '--username and --password-from belong together')
  if (!/^\w[\w+]*:\/\//.test(uri))
    throw usageError('publish', '--password-from takes a URI such as env://NAME, never the password itself')
  let login: Promise<Login> | undefined
  const read = async () => {
    const secret = await readSecret(uri, { recipeFolder: process.cwd(), environment, resolveSecret })
    return basicLogin(username, secret.reveal(), secret.origin)
  }
  // Scan, upload and signing ask for it; the secret is read once.
  return () => (login ??= read())
}

function publishedText(target: Target, done: Published & { companions: Published[] }): string {
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
