import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

const run = promisify(execFile)
let place: Workplace
let report: Report
let root: string
let config: { Env: string[] }

/** Two authorities, and a certificate for localhost of the first. */
const makeCertificates = `
for name in acme other; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/O=Acme/CN=$name" \\
    -addext basicConstraints=critical,CA:TRUE -keyout $name.key -out $name.pem
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > server.ext
openssl x509 -req -in server.csr -CA acme.pem -CAkey acme.key -CAcreateserial -days 3650 -extfile server.ext -out server.pem
`

beforeAll(async () => {
  place = await newWorkplace()
  await run('bash', ['-ceu', makeCertificates], { cwd: place.folder })
  const text = readFileSync(demoRecipe, 'utf8').replace('\nimage:\n', '\nimage:\n  trust: [acme.pem]\n')
  const built = await ingot(['build', await writeRecipe(place, 'trusting', text), '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
  root = join(place.folder, 'unpacked')
  await unpackTo(root)
})

/** The layers of an image of ingot only add files, so tar lays them over each other. */
async function unpackTo(folder: string): Promise<void> {
  const from = `oci:${place.store}:${report.name}:latest`
  await run(toolPath('skopeo'), ['copy', '--dest-decompress', from, `dir:${folder}`])
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  const fileOf = ({ digest }: { digest: string }) => join(folder, digest.replace('sha256:', ''))
  config = JSON.parse(readFileSync(fileOf(manifest.config), 'utf8')).config
  await mkdir(join(folder, 'rootfs'))
  for (const layer of manifest.layers) await run('tar', ['-C', join(folder, 'rootfs'), '-xf', fileOf(layer)])
}

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('the image is verified under the hostile profile', () => {
  expect(report.verdict).toBe('verified')
})

test('the image has the certificate of the recipe, and trusts nothing else', async () => {
  const bundle = join(root, 'rootfs/etc/ssl/certs/ca-certificates.crt')
  expect(readFileSync(bundle, 'utf8')).toBe(readFileSync(join(place.folder, 'acme.pem'), 'utf8'))
  const verify = (file: string) =>
    run(toolPath('openssl'), ['verify', '-no-CApath', '-CAfile', bundle, join(place.folder, file)])
  await expect(verify('server.pem')).resolves.toMatchObject({ stdout: expect.stringContaining('OK') })
  await expect(verify('other.pem')).rejects.toThrow()
})

/** Paths that the server of the image, run in a root of its own with the image's variables, asks of a server with TLS. */
async function askedOver(variables: Record<string, string>): Promise<string[]> {
  const asked: string[] = []
  const server = createServer(
    {
      key: readFileSync(join(place.folder, 'server.key')),
      cert: readFileSync(join(place.folder, 'server.pem')),
    },
    (request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(404).end()
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const rootfs = join(root, 'rootfs')
  await mkdir(join(rootfs, 'tmp'), { recursive: true })
  const command = [
    '/usr/bin/llama-server',
    '--model-url',
    `https://127.0.0.1:${port}/m.gguf`,
    '-m',
    '/tmp/m.gguf',
  ]
  await run('chroot', [rootfs, ...command], {
    env: { ...variables, PATH: '/usr/sbin:/usr/bin:/bin' },
    timeout: 60_000,
  }).catch(() => undefined)
  server.close()
  return asked
}

test('the engine reads it: it asks a server of that authority, and none without it', async () => {
  const variables = Object.fromEntries(
    config.Env.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  )
  expect(variables['SSL_CERT_FILE']).toBe('/etc/ssl/certs/ca-certificates.crt')
  expect(await askedOver(variables)).toContain('/m.gguf')
  const nowhere = { ...variables, SSL_CERT_FILE: '/etc/nothing.pem', CURL_CA_BUNDLE: '/etc/nothing.pem' }
  expect(await askedOver(nowhere)).toEqual([])
})
