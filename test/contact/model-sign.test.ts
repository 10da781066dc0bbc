import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documentTypes } from '../../images/oci/document-types.ts'
import type { OriginalImage } from '../../pipelines/catalogue/built-image.ts'
import { bundleSample } from '../pipelines/bundle/sample.ts'
import { builtSample, publishSample } from '../pipelines/outgoing/sample.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { scratchFolder } from '../scratch.ts'
import { pythonPath, toolPath } from '../tools/find.ts'
import { signingEnvironment } from './signed-bundle.ts'

// What ingot signs of a model, without reading a byte of it, is checked by model_signing of the OpenSSF on the files.

const run = promisify(execFile)

/** Names that sort in another way as texts than as paths. */
const files: Record<string, string> = {
  'config.json': '{"architectures":["LlamaForCausalLM"]}',
  'a.b': 'a file',
  'a/b': 'below a folder',
  'a-b/c': 'below another',
  'a/c/d': 'deeper',
  'model-00001-of-00002.safetensors': 'first',
  'model-00002-of-00002.safetensors': 'second',
}

let place: Place
let folder: string
let model: string
let environment: Awaited<ReturnType<typeof signingEnvironment>>
let built: OriginalImage
let signature: string
let registry: string

beforeAll(async () => {
  place = await openPlace()
  folder = await mkdtemp(join(tmpdir(), 'ingot-model-sign-'))
  model = join(folder, 'model')
  await Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      await mkdir(dirname(join(model, path)), { recursive: true })
      await writeFile(join(model, path), text)
    }),
  )
  environment = await signingEnvironment(folder)
  built = await withFiles(await builtSample(place.store))
  registry = `127.0.0.1:${place.registry.port}`
  const signer = { type: 'key', key: key('ours.key'), isLogged: false } as const
  const sent = await publishSample({
    ...{ store: place.store, built: [built], to: `${registry}/team/llm`, signer, environment },
  })
  const bundle = join(folder, 'bundle')
  await bundleSample({ store: place.store, built: [built], environment, signer, folder: bundle })
  await pulled(`team/llm@${sent.digest}`)
  signature = join(bundle, 'model-signatures/sbom-sample/model.sig')
})

afterAll(async () => {
  await place.close()
  await rm(folder, { recursive: true })
})

const key = (name: string) => join(folder, name)

async function withFiles({ origin, ...rest }: OriginalImage): Promise<OriginalImage> {
  const locked = Object.entries(files).map(([path, text]) => ({
    ...{ path, sizeBytes: Buffer.byteLength(text) },
    sha256: createHash('sha256').update(text).digest('hex'),
  }))
  const { weights } = origin.lock
  return { ...rest, origin: { ...origin, lock: { ...origin.lock, weights: { ...weights, files: locked } } } }
}

/** What oras finds beside the image and writes. */
async function pulled(image: string): Promise<void> {
  const oras = toolPath('oras')
  const found = await run(oras, [
    ...['discover', '--plain-http', '--format', 'json', '--artifact-type', documentTypes.modelSignature],
    `${registry}/${image}`,
  ])
  const [first] = JSON.parse(found.stdout).referrers
  const target = `${registry}/${image.replace(/@.*/, '')}@${first.digest}`
  await run(oras, ['pull', '--plain-http', '--output', key('pulled'), target])
}

async function verify(path: string, given: { signature?: string; publicKey?: string; more?: string[] } = {}) {
  const { signature: file = signature, publicKey = key('ours.pub'), more = [] } = given
  const args = ['verify', 'key', '--signature', file, '--public_key', publicKey, path, ...more]
  const python = pythonPath('model-signing')
  const told = await run(python, ['-m', 'model_signing', ...args], { env: { PATH: '/usr/bin:/bin' } }).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return `${told.stdout}${told.stderr}`
}

async function changed(change: (copy: string) => Promise<unknown>): Promise<string> {
  const copy = join(await scratchFolder(), 'copy')
  await cp(model, copy, { recursive: true })
  await change(copy)
  return copy
}

function statementIn(bundle: string) {
  const { dsseEnvelope } = JSON.parse(bundle)
  return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString())
}

describe('model_signing', () => {
  test('verifies the files by the signature of the bundle and by that of the registry', async () => {
    expect(await verify(model)).toContain('Verification succeeded')
    expect(await verify(model, { signature: key('pulled/model.sig') })).toContain('Verification succeeded')
  })

  test.each<[string, (copy: string) => Promise<unknown>, RegExp]>([
    ['a changed file', (copy) => appendFile(join(copy, 'a/b'), ' '), /Hash mismatch.*a\/b|a\/b/],
    ['a file that is missing', (copy) => rm(join(copy, 'a.b')), /a\.b/],
    ['a file too many', (copy) => writeFile(join(copy, 'modeling.py'), 'import os'), /modeling\.py/],
  ])('refuses %s', async (_, change, words) => {
    const said = await verify(await changed(change))
    expect(said).not.toContain('Verification succeeded')
    expect(said).toMatch(words)
  })

  test('passes over the parts beside a model where it is told to', async () => {
    const whole = await changed(async (copy) => {
      await mkdir(join(copy, 'parts/adapter/sql'), { recursive: true })
      await writeFile(join(copy, 'parts/adapter/sql/adapter_model.safetensors'), 'an adapter')
    })
    expect(await verify(whole)).not.toContain('Verification succeeded')
    const told = await verify(whole, { more: ['--ignore-paths', join(whole, 'parts')] })
    expect(told).toContain('Verification succeeded')
  })

  test('refuses another key, and a signature whose list was changed', async () => {
    const byOther = await verify(model, { publicKey: key('other.pub') })
    expect(byOther).toMatch(/Verification failed.*Key mismatch/s)
    const bundle = JSON.parse(await readFile(signature, 'utf8'))
    const statement = statementIn(JSON.stringify(bundle))
    statement.predicate.resources.pop()
    bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64')
    await writeFile(key('forged.sig'), JSON.stringify(bundle))
    const forged = await verify(model, { signature: key('forged.sig') })
    expect(forged).not.toContain('Verification succeeded')
  })

  test('says the same of the folder as we do', async () => {
    await run('openssl', ['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', key('plain.pem')])
    const args = ['sign', 'key', '--private_key', key('plain.pem'), '--signature', key('theirs.sig'), model]
    await run(pythonPath('model-signing'), ['-m', 'model_signing', ...args])
    const theirs = statementIn(await readFile(key('theirs.sig'), 'utf8'))
    const ours = statementIn(await readFile(signature, 'utf8'))
    expect(ours.subject[0].digest).toEqual(theirs.subject[0].digest)
    expect(ours.predicate.resources).toEqual(theirs.predicate.resources)
    expect(ours.predicateType).toBe(theirs.predicateType)
  })
})
