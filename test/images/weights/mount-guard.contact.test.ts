import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { guardExitCode, guardList, guardScript } from '../../../images/weights/mount-guard.ts'

const contents: Record<string, string> = {
  'config.json': '{}',
  "it's a model.gguf": 'weights',
  'sub/empty': '',
}
const files = Object.entries(contents).map(([path, text]) => ({
  path,
  sizeBytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
}))

/** Runs the guard over a folder with the given files; its list lies beside it instead of in the image. */
function guard(present: Record<string, string>, environment: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), "ingot-guard-it's "))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const model = join(root, 'model')
  for (const [path, text] of Object.entries(present)) {
    mkdirSync(join(model, path, '..'), { recursive: true })
    writeFileSync(join(model, path), text)
  }
  const list = join(root, 'list')
  writeFileSync(list, guardList(files))
  const quoted = list.replaceAll("'", "'\\''")
  const script = guardScript(model).replace(/^list=.*$/m, () => `list='${quoted}'`)
  writeFileSync(join(root, 'guard'), script)
  const run = spawnSync('sh', [join(root, 'guard'), 'echo', 'served', 'two words'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  })
  return { status: run.status, out: run.stdout, err: run.stderr }
}

test('the right files start the server with its arguments', () => {
  expect(guard(contents)).toEqual({ status: 0, out: 'served two words\n', err: '' })
  expect(guard(contents, { INGOT_WEIGHTS_CHECK: 'full' }).status).toBe(0)
})

const wrong: [string, Record<string, string>, Record<string, string>, RegExp][] = [
  ['nothing mounted', {}, {}, /config\.json is missing[\s\S]*3 of 3 weight files/],
  [
    'a file of another size',
    { ...contents, 'config.json': '{"a":1}' },
    {},
    /config\.json has 7 bytes, expected 2/,
  ],
  [
    'another hash',
    { ...contents, 'config.json': '[]' },
    { INGOT_WEIGHTS_CHECK: 'full' },
    /has sha256 .*, expected/,
  ],
  ['an unknown setting', contents, { INGOT_WEIGHTS_CHECK: 'all' }, /not sizes, full or off/],
]

test.each(wrong)('%s: refuses to start and says why', (_, present, environment, message) => {
  const result = guard(present, environment)
  expect(result.status).toBe(guardExitCode)
  expect(result.out).toBe('')
  expect(result.err).toMatch(message)
})

test('sizes alone do not see other bytes of the same length, and `off` sees nothing', () => {
  expect(guard({ ...contents, 'config.json': '[]' }).status).toBe(0)
  expect(guard({}, { INGOT_WEIGHTS_CHECK: 'off' }).status).toBe(0)
})
