import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { scratchFolder } from '../../scratch.ts'
import { judgedImage } from './judged.ts'

vi.setConfig({ testTimeout: 60_000 })

const program = resolve(import.meta.dirname, '../../../bin/ingot')

// The mount lives and dies with the namespace of the shell that runs the command.
const script =
  'mount --bind "$INGOT_STORE" "$INGOT_STORE" && mount -o remount,ro,bind "$INGOT_STORE" && exec "$@"'

interface Answer {
  code: number
  stdout: string
  stderr: string
}

async function readOnly(folder: string, ...words: string[]): Promise<Answer> {
  const args = ['--mount', 'sh', '-c', script, 'sh', program, ...words]
  const env = { ...process.env, INGOT_STORE: folder, TMPDIR: await scratchFolder() }
  const ran = promisify(execFile)('unshare', args, { env })
  const { code = 0, stdout, stderr } = await ran.catch((error) => error)
  expect(await readdir(env.TMPDIR)).toEqual([])
  return { code, stdout, stderr }
}

test('a store that nobody may write to is read where it lies, and what has to write says why it cannot', async () => {
  const folder = join(await scratchFolder(), 'store')
  const store = await openStore(folder)
  const { report } = await judgedImage(store)
  await closeStore(store)
  const [name, digest] = [`${report.name}:latest`, report.image]

  const listed = await readOnly(folder, 'list')
  expect(listed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`  ${name}  ${digest}  verified\n`),
  })
  const sized = await readOnly(folder, 'size', name)
  expect(sized).toMatchObject({ code: 0, stdout: expect.stringContaining(digest) })
  const compared = await readOnly(folder, 'diff', name, name)
  expect(compared).toMatchObject({ code: 0, stdout: 'nothing differs\n' })
  const files = await readOnly(folder, 'run-files', name, '--for', 'docker')
  expect(files).toMatchObject({ code: 0, stdout: expect.stringContaining('docker run') })

  const pruned = await readOnly(folder, 'prune')
  expect(pruned).toMatchObject({ code: 3, stderr: expect.stringContaining('the file system is read-only') })
})
