import { formatBytes } from '../../lib/bytes.ts'
import { requireOrigin, requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import {
  type Command,
  type CommandContext,
  readArguments,
  readBytes,
  usageError,
} from '../command-line/command.ts'
import { openConnection } from '../network/connection.ts'
import { basicLogin, findLogin, type Login } from '../network/login.ts'
import { storeFolder } from '../process/folders.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { publishBuilt } from '../publish/built-publish.ts'
import type { Published } from '../publish/publish.ts'
import { parseTarget, repositoryOf, requireTag, type Target } from '../registry-client/reference.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { readSecret } from '../weights/token.ts'
import { withEngine } from './engine.ts'
import { signerOf, signerOptions, transparencyLogText } from './signer.ts'

export const publishCommand: Command = {
  options: {
    'to REF':
      'host/repository[:tag]; without any tag it is latest. Several recipes become one multi-platform index',
    'tag TAG': 'a further tag, set last; can be repeated',
    unverified: 'publish an image that no boot verified; its provenance says so',
    'no-attachments': 'leave out provenance, report and SBOM, which otherwise go along as referrers',
    sbom: 'fail where syft is missing; without this the SBOM is left out there, and that is said',
    'sign KEY':
      'sign and attest by cosign before the tags: a key as cosign names it (file, env://, awskms:// …), or keyless for the identity of the CI. Its password is taken from COSIGN_PASSWORD',
    'transparency-log': transparencyLogText,
    'mount-from REPO': 'a repository of the same host that may have the blobs; can be repeated',
    'chunk-size SIZE': 'largest piece of one upload request, such as 64MiB; default: whole blobs',
    'parallel N': 'blobs sent at the same time; default 4',
    'username NAME':
      'user of the registry, with --password-from; default: what docker login or podman login keep',
    'password-from URI':
      'where the password is: env://NAME, file://PATH, cmd://COMMAND, or what Dagger reads: op://, vault://, libsecret://, gcp://, aws+sm://, aws+ps://; never the password itself',
    json: 'the result as JSON',
  },
  run,
}

const options = {
  to: { type: 'string' },
  tag: { type: 'string', multiple: true },
  unverified: { type: 'boolean' },
  'no-attachments': { type: 'boolean' },
  sbom: { type: 'boolean' },
  ...signerOptions,
  'mount-from': { type: 'string', multiple: true },
  'chunk-size': { type: 'string' },
  parallel: { type: 'string' },
  username: { type: 'string' },
  'password-from': { type: 'string' },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof readArguments<typeof options>>['values']

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'publish', least: 1, most: 20 })
  if (values.to === undefined) throw usageError('publish', '--to is missing')
  const target = parseTarget(values.to)
  const tags = tagsOf(values, target)
  const choices = choicesOf(values)
  const { environment, signal } = context
  const signer = await signerOf('publish', values, environment)
  const store = await openStore(storeFolder(environment))
  const connection = openConnection(environment, signal)
  try {
    const find = async (text: string) =>
      requireOrigin(await findImage(text, store, { environment, act: 'publish' }), 'publish')
    const built = await Promise.all(positionals.map(find))
    for (const image of built) requireVerified(image, values.unverified === true, 'publish')
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
        ...choices,
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

function tagsOf(values: Values, target: Target): string[] {
  const tags = [...new Set([...(target.tag ? [target.tag] : []), ...(values.tag ?? []).map(requireTag)])]
  return tags.length === 0 ? ['latest'] : tags
}

/** What the options say of the way an image leaves; an option that was not given has its default. */
function choicesOf(values: Values) {
  return {
    isUnverified: values.unverified === true,
    hasAttachments: values['no-attachments'] !== true,
    sbom: values.sbom ? 'required' : 'if-possible',
    mountFrom: values['mount-from'] ?? [],
    ...sizesOf(values),
  } as const
}

function sizesOf(values: Values): { chunkBytes?: number; parallel?: number } {
  const chunk = values['chunk-size']
  const parallel = values.parallel === undefined ? undefined : Number(values.parallel)
  if (parallel !== undefined && (!Number.isInteger(parallel) || parallel < 1 || parallel > 64))
    throw usageError('publish', `--parallel ${values.parallel} is not a number from 1 to 64`)
  return {
    ...(chunk !== undefined && { chunkBytes: readBytes('publish', 'chunk-size', chunk) }),
    ...(parallel !== undefined && { parallel }),
  }
}

function loginOf(
  values: Values,
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
    const secret = await readSecret(uri, { environment, resolveSecret })
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
