import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { ImageDocument } from '../built/documents.ts'
import { requireHostTool, runTool } from '../host-tool.ts'
import type { Login } from '../network/login.ts'
import type { Target } from './reference.ts'

/** How to sign: with whoever the CI's own identity says it is, or with a key by what cosign calls it. */
export type Signer = { type: 'keyless' } | { type: 'key'; key: string; isLogged: boolean }

export interface SignContext {
  target: Target
  signer: Signer
  login: Login | undefined
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
}

/** An image by digest with what is attested of it; an index over platforms has no documents of its own. */
export interface Signed {
  digest: string
  documents: readonly ImageDocument[]
}

/** cosign with what one repository needs; files it wants are gone after `close`. */
interface Cosign {
  run(act: string, args: readonly string[]): Promise<string>
  folder: string
  signing: string[]
  close(): Promise<void>
}

/**
 * Signs images and attests their documents by cosign, as OCI referrers. What the same key has signed or attested before is
 * left as it is, so that publishing again adds nothing. Throws `no-tool` and `tool-failed`.
 */
export async function signImages(images: readonly Signed[], context: SignContext): Promise<void> {
  const cosign = await openCosign(context)
  try {
    const verifier = await verifierOf(cosign, context.signer)
    for (const { digest, documents } of images) {
      const reference = referenceOf(context.target, digest)
      if (!(await isSigned(cosign, reference, verifier)))
        await cosign.run(`sign ${reference}`, ['sign', ...cosign.signing, reference])
      for (const document of documents)
        if (!(await isAttested(cosign, reference, document, verifier)))
          await attest(cosign, reference, document)
    }
  } finally {
    await cosign.close()
  }
}

async function attest(cosign: Cosign, reference: string, document: ImageDocument): Promise<void> {
  const { name, cosignType, predicate } = document
  const file = join(cosign.folder, `${name}.json`)
  await writeFile(file, predicate)
  const args = ['attest', ...cosign.signing, '--type', cosignType, '--predicate', file, reference]
  await cosign.run(`attest the ${name} of ${reference}`, args)
}

// Neither a transparency log nor a time stamp: what is signed and where stays between the key's owner and the registry.
const unlogged = '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
// With it cosign does not go and ask the public instance for keys that nothing here was signed with.
const noRoots = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'

async function openCosign({ signer, target, login, environment, signal }: SignContext): Promise<Cosign> {
  const program = await requireHostTool('cosign', environment)
  const folder = await mkdtemp(join(tmpdir(), 'ingot-cosign-'))
  const env = { ...environment, ...(login && { DOCKER_CONFIG: await writeLogin(folder, target, login) }) }
  const [config, roots] = [join(folder, 'signing-config.json'), join(folder, 'trusted-root.json')]
  await Promise.all([writeFile(config, unlogged), writeFile(roots, noRoots)])
  const offline = ['--signing-config', config, '--trusted-root', roots]
  return {
    folder,
    signing: [
      '--yes',
      ...(signer.type === 'key' ? ['--key', signer.key, ...(signer.isLogged ? [] : offline)] : []),
    ],
    run: (act, args) =>
      runTool(program, args, { environment: env, attempted: act, ...(signal && { signal }) }),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The login in a file of its own: as an argument every user of this machine could read it. */
async function writeLogin(folder: string, { host }: Target, login: Login): Promise<string> {
  const place = join(folder, 'docker')
  const name = host === 'registry-1.docker.io' ? 'https://index.docker.io/v1/' : host
  const entry = login.type === 'basic' ? { auth: login.basic } : { identitytoken: login.token }
  await mkdir(place, { mode: 0o700 })
  await writeFile(join(place, 'config.json'), JSON.stringify({ auths: { [name]: entry } }), { mode: 0o600 })
  return place
}

/** Arguments by which the signer's own signatures are found again; undefined where that is not asked. */
async function verifierOf(cosign: Cosign, signer: Signer): Promise<string[] | undefined> {
  if (signer.type === 'keyless') return undefined
  const key = join(cosign.folder, 'key.pub')
  await writeFile(key, await cosign.run('read the public key', ['public-key', '--key', signer.key]))
  return ['--key', key, ...(signer.isLogged ? [] : ['--insecure-ignore-tlog=true'])]
}

async function isSigned(cosign: Cosign, reference: string, verifier: string[] | undefined): Promise<boolean> {
  if (verifier === undefined) return false
  const verified = cosign.run(`verify ${reference}`, ['verify', ...verifier, reference])
  return verified.then(
    () => true,
    () => false,
  )
}

async function isAttested(
  cosign: Cosign,
  reference: string,
  { cosignType, predicate }: ImageDocument,
  verifier: string[] | undefined,
): Promise<boolean> {
  if (verifier === undefined) return false
  const args = ['verify-attestation', ...verifier, '--type', cosignType, reference]
  const printed = await cosign.run(`verify ${reference}`, args).catch(() => '')
  const wanted = canonicalJson(JSON.parse(predicate))
  return printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .some((line) => canonicalJson(predicateIn(line)) === wanted)
}

/** The predicate inside an envelope as cosign prints it: one line of JSON with the statement in base64. */
function predicateIn(line: string): Json {
  const { payload } = JSON.parse(line)
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')).predicate ?? null
}

function referenceOf({ host, name }: Target, digest: string): string {
  return `${host === 'registry-1.docker.io' ? 'index.docker.io' : host}/${name}@${digest}`
}
