import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { ImageDocument } from '../built/documents.ts'
import { type Cosign, type Signer, withCosign } from '../cosign.ts'
import type { Login } from '../network/login.ts'
import type { Target } from './reference.ts'

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

/**
 * Signs images and attests their documents by cosign, as OCI referrers. What the same key has signed or attested before is
 * left as it is, so that publishing again adds nothing. Throws `no-tool` and `tool-failed`.
 */
export async function signImages(images: readonly Signed[], context: SignContext): Promise<void> {
  const { target, login } = context
  const variables = async (folder: string): Promise<Record<string, string>> =>
    login === undefined ? {} : { DOCKER_CONFIG: await writeLogin(folder, target, login) }
  await withCosign({ ...context, variables }, async (cosign) => {
    const verifier = await verifierOf(cosign, context.signer)
    for (const { digest, documents } of images) {
      const reference = referenceOf(target, digest)
      if (!(await isSigned(cosign, reference, verifier)))
        await cosign.run(`sign ${reference}`, ['sign', ...cosign.signing, reference])
      for (const document of documents)
        if (!(await isAttested(cosign, reference, document, verifier)))
          await attest(cosign, reference, document)
    }
  })
}

async function attest(cosign: Cosign, reference: string, document: ImageDocument): Promise<void> {
  const { name, cosignType, predicate } = document
  const file = join(cosign.folder, `${name}.json`)
  await writeFile(file, predicate)
  const args = ['attest', ...cosign.signing, '--type', cosignType, '--predicate', file, reference]
  await cosign.run(`attest the ${name} of ${reference}`, args)
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
  const publicKey = await cosign.publicKey()
  if (signer.type === 'keyless' || publicKey === undefined) return undefined
  const key = join(cosign.folder, 'key.pub')
  await writeFile(key, publicKey)
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
