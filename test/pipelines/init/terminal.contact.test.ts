import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { scratchFolder } from '../../scratch.ts'
import { gguf, ggufMetadata } from '../memory-files.ts'

vi.setConfig({ testTimeout: 180_000 })

const program = resolve(import.meta.dirname, '../../../bin/ingot')

/** Types `keys` once the question stands there, on a terminal of its own; gives what it showed and the exit code. */
const typist = `
import os, pty, sys
folder, keys, program = sys.argv[1], sys.argv[2].encode().decode('unicode_escape').encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(folder)
    os.execv(program[0], program)
said, typed = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    if not typed and b'or cpu?' in said:
        os.write(terminal, keys)
        typed = True
status = os.waitpid(pid, 0)[1]
sys.stdout.write(said.decode(errors='replace'))
sys.exit(os.waitstatus_to_exitcode(status))
`

async function typed(keys: string): Promise<{ code: number; shown: string; files: string[] }> {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'tiny.gguf'), gguf(ggufMetadata, { 'token_embd.weight': 100 }))
  const args = ['-c', typist, folder, keys, program, 'init', 'tiny.gguf']
  const run = promisify(execFile)('python3', args, { env: { ...process.env, CI: '', TERM: 'xterm' } })
  const { code, shown } = await run.then(
    ({ stdout }) => ({ code: 0, shown: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, shown: error.stdout }),
  )
  return { code, shown, files: (await readdir(folder)).filter((name) => name.endsWith('.yaml')) }
}

test.each([
  ['the card that is typed', 'l4\\r', 'on 1 x l4'],
  ['the default of an empty line', '\\r', 'on a processor'],
  ['the default where the person ends the input', '\\x04', 'on a processor'],
])('a terminal is asked for the card: %s', async (_, keys, words) => {
  const { code, shown, files } = await typed(keys)
  expect(code, shown).toBe(0)
  expect(shown).toContain(words)
  expect(files).toEqual(['tiny-llama-cpp.yaml'])
})

test('Ctrl-C at the question ends it with 130, and nothing is written', async () => {
  const { code, shown, files } = await typed('\\x03')
  expect(code, shown).toBe(130)
  expect(files).toEqual([])
})

test('without a terminal nobody is asked: the table is the whole answer, and says how to go on', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'tiny.gguf'), gguf(ggufMetadata, { 'token_embd.weight': 100 }))
  const { stdout, stderr } = await promisify(execFile)(program, ['init', 'tiny.gguf'], { cwd: folder })
  expect(stdout).toMatch(/^card +engine +weights +context +users\n/)
  expect(stderr).toContain(
    'no recipe was written, since no card is named\n  to do: `ingot init tiny.gguf --gpu CARD`',
  )
  expect(await readdir(folder)).toEqual(['tiny.gguf'])
})
