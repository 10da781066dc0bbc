import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import { requireSame } from '../../../pipelines/lock/locked-recipe.ts'
import { checkRecipe, loadRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { parseLock } from '../../../recipes/lock.ts'
import { lockFor } from '../../images/engines/fixtures.ts'
import { scratchFolder } from '../../scratch.ts'
import { toolPath } from '../../tools/find.ts'

const run = promisify(execFile)
const recipes = join(import.meta.dirname, '../../../recipes')
const settings = { locksFolder: undefined }

async function authority(folder: string, name: string): Promise<string> {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const subject = ['-subj', `/O=Acme/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
  const options = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...subject,
  ]
  await run(toolPath('openssl'), [...options, '-days', '3650', '-keyout', key, '-out', file])
  return readFile(file, 'utf8')
}

/** A folder with the demo's recipe and a list of files that it trusts. */
async function place(trust: string): Promise<{ folder: string; file: string }> {
  const folder = await scratchFolder()
  const text = await readFile(join(recipes, 'smollm2-135m-llama-cpp.yaml'), 'utf8')
  await mkdir(join(folder, 'ca'))
  const file = join(folder, 'demo.yaml')
  const source = text.replace(/ {2}source:\n(?: {4}.*\n)+/, '  source:\n    type: folder\n    path: .\n')
  await writeFile(file, source.replace('\nimage:\n', `\nimage:\n  trust: ${trust}\n`))
  return { folder, file }
}

test('files of certificates are in lock and plan, and a changed one is a difference', async () => {
  const { folder, file } = await place('[ca/one.pem, ca/two.pem]')
  const [one, two] = [await authority(folder, 'one'), await authority(folder, 'two')]
  await writeFile(join(folder, 'ca/one.pem'), `Subject: one\n${one}`)
  // A bundle, with one that the other file has too.
  await writeFile(join(folder, 'ca/two.pem'), `${two}\n# again\n${one}`)
  const loaded = await loadRecipe(file, settings)
  const lock = { ...lockFor(loaded.recipe), ...(loaded.trust && { trust: loaded.trust }) }
  expect(loaded.trust?.map(({ certificates }) => certificates.map(({ subject }) => subject))).toEqual([
    ['O=Acme, CN=one'],
    ['O=Acme, CN=two', 'O=Acme, CN=one'],
  ])
  expect(() => requireSame(loaded, lock)).not.toThrow()
  const plan = planImage(loaded.recipe, parseLock(JSON.stringify(lock), 'again'))
  const written = plan.settings.find(({ path }) => path === '/etc/ssl/certs/ca-certificates.crt')
  expect(written).toMatchObject({ content: `${one}${two}` })
  expect(plan.config.Env).toContain('SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt')
  expect(plan.trust?.map(({ subject }) => subject)).toContain('O=Acme, CN=two')

  await writeFile(join(folder, 'ca/two.pem'), one)
  const changed = await loadRecipe(file, settings)
  expect(() => requireSame(changed, lock)).toThrow(
    /image\.trust\.1: the recipe says ca\/two\.pem with sha256 \w{12}, the lock sha256/,
  )
  const { trust: _, ...without } = lock
  expect(() => requireSame(loaded, without)).toThrow(/image\.trust/)
})

test.each<[string, (pem: string, key: string) => string | Buffer, RegExp]>([
  ['a private key beside it', (pem, key) => pem + key, /a private key/],
  ['no certificate', () => 'hello', /no certificate in PEM form/],
  [
    'a certificate of DER',
    (pem) => Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64'),
    /in PEM form/,
  ],
  [
    'a damaged one after a whole one',
    (pem) => `${pem}${pem.replace(/MII.{30}/, 'MIIAAAA')}`,
    /certificate 2 of 2 cannot be read/,
  ],
  ['nothing', () => '', /in PEM form/],
  ['too much', (pem) => pem + ' '.repeat(1 << 20), /1 MiB is allowed/],
])('a file with %s is refused at its line and column, without its content', async (_, content, words) => {
  const { folder, file } = await place('[ca/x.pem]')
  const pem = await authority(folder, 'x')
  const key = await readFile(join(folder, 'x.key'), 'utf8')
  await writeFile(join(folder, 'ca/x.pem'), content(pem, key))
  const checked = await checkRecipe(file)
  expect(checked).toMatchObject({
    ok: false,
    problems: [{ path: 'image.trust.0', line: expect.any(Number), column: 11 }],
  })
  if (!checked.ok) {
    expect(checked.problems[0]?.message).toMatch(words)
    expect(JSON.stringify(checked.problems)).not.toContain(key.split('\n')[1])
  }
})

test.each([
  ['[ca/none.pem]', /there is no such file/],
  ['[ca]', /no regular file/],
  ['[]', /at least 1 entries|keep, or a list/],
  ['all', /keep, or a list of PEM files/],
])('trust: %s is refused', async (trust, words) => {
  const { file } = await place(trust)
  const checked = await checkRecipe(file)
  expect(checked.ok ? '' : checked.problems.map(({ message }) => message).join()).toMatch(words)
})
