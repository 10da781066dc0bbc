import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errnoOf } from '../../../lib/error.ts'
import { closedHost, startAnswering } from '../../servers/answering.ts'

const ingot = resolve(import.meta.dirname, '../../../bin/ingot')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-process-'))
  await writeFile(join(folder, 'file'), 'x')
  await writeFile(join(folder, 'notes.txt'), 'x')
  await symlink('/nonexistent/place', join(folder, 'dangling'))
  await symlink('circle', join(folder, 'circle'))
  await mkdir(join(folder, 'config.json'))
  execFileSync('mkfifo', [join(folder, 'pipe'), join(folder, 'pipe.tar'), join(folder, 'pipe.gguf')])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      INGOT_STORE: join(folder, 'store'),
      ...environment,
    }
    const child = execFile(ingot, args, { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? child.exitCode : 0, stdout, stderr }),
    )
  })
}

const long = 'n'.repeat(300)
const memory = ['--gpu', 'h100', '--engine', 'vllm']

/** What a person may type, what the machine may lack; the code that help promises. */
const cases: [args: string[], environment: NodeJS.ProcessEnv, code: number, words: RegExp][] = [
  [['--version'], {}, 0, /^\d+\.\d+\.\d+\n$/],
  [['version'], {}, 0, /^\d+\.\d+\.\d+\n$/],
  [['version', 'x'], {}, 2, /too many/],
  [['help'], {}, 0, /130 interrupted/],
  [['nosuch'], {}, 2, /no such command\n {2}to do: commands are: init, /],
  [['chek'], {}, 2, /no such command\n {2}to do: did you mean `ingot check`\?/],
  [['memory', 'a/b', '--engine', 'vllm'], {}, 2, /--gpu is missing: name the card/],
  [['memory', 'a/b', '--engine', 'vllm', '--gpu', 'cpu'], {}, 2, /`ingot init MODEL --gpu cpu`/],
  [['bundle', 'r.yaml', '--to', 'a', '--to', 'b'], {}, 2, /--to is given twice/],
  [['publish', 'r.yaml', '--to', 'a/b', '--to', 'c/d'], {}, 2, /--to is given twice/],
  [['run-files', 'r.yaml', '--for', 'docker', '--to', ''], {}, 2, /--to is empty/],
  [['memory', 'a/b', ...memory, '--gpu', 'a100'], {}, 2, /--gpu is given twice/],
  [['bundle', 'r.yaml', '--to', 'a', '--part-size', 'lots'], {}, 2, /--part-size is "lots"/],
  [['publish', 'r.yaml', '--to', 'a/b', '--chunk-size', '1 mile'], {}, 2, /--chunk-size/],
  [['verify', 'r.yaml', '--runner', 'docker', '--memory', 'much'], {}, 2, /--memory is "much"/],
  [['memory', 'a/b', ...memory, '--gpu-memory-bytes', 'lots'], {}, 2, /lots/],
  [['memory', 'a/b', '--gpu', 'nosuch', '--engine', 'vllm'], {}, 2, /nosuch/],
  [['prune', '--unused-for', 'soon'], {}, 2, /--unused-for is "soon"/],
  [['size', '/dev/zero'], {}, 2, /neither a file nor a folder/],
  [['size', 'pipe.tar'], {}, 2, /neither a file nor a folder/],
  [['size', './nothing/here'], {}, 2, /no such name|no such file/],
  [['gpu-code', 'pipe'], {}, 2, /no regular file/],
  [['gpu-code', '/dev/zero'], {}, 2, /no regular file/],
  [['memory', 'pipe.gguf', ...memory], {}, 2, /neither a file nor a folder/],
  [['memory', '.', ...memory], {}, 1, /config\.json is a folder/],
  [['list'], { INGOT_STORE: 'file' }, 2, /it is a file/],
  [['list'], { INGOT_STORE: 'file/store' }, 2, /file/],
  [['list'], { INGOT_STORE: 'dangling' }, 2, /dangling/],
  [['list'], { INGOT_STORE: 'dangling/store' }, 2, /dangling/],
  [['list'], { INGOT_STORE: 'circle/store' }, 2, /circle/],
  [['list'], { INGOT_STORE: long }, 2, /too long/],
  [['list'], { INGOT_STORE: '/proc/nosuch/store' }, 2, /proc/],
  [['doctor'], { INGOT_STORE: 'file/store' }, 3, /MISSING {2}disk space/],
]

test.each(cases)(
  'ingot %j with %j ends with %i and in words',
  async (args, environment, code, words) => {
    const ended = await run(args, environment)
    expect(`${ended.stdout}${ended.stderr}`).toMatch(words)
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/^\s+at \S+.*:\d+/m)
    expect(ended.code).toBe(code)
  },
  60_000,
)

test('a full disk behind stdout is told once, with exit code 3', async () => {
  const shell = spawn('sh', ['-c', `"${ingot}" help > /dev/full`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  shell.stderr.on('data', (chunk) => (said += chunk))
  const [code] = await once(shell, 'close')
  expect(said).toContain('could not write to stdout\n  found: no space is left')
  expect(said.match(/could not/g)).toHaveLength(1)
  expect(code).toBe(3)
}, 60_000)

test('offline, a name with a typing error is told within a few attempts', async () => {
  const host = await closedHost()
  const { code, stderr } = await run(['size', 'my-modle:latest'], { HTTPS_PROXY: `http://${host}` })
  expect(stderr).toContain('the store has no such name')
  expect(stderr).toMatch(/attempt 4 of 4/)
  expect(code).toBe(1)
}, 60_000)

/** Starts a command that waits, and gives what it became after one or two interrupts. */
async function interrupted(
  args: string[],
  environment: NodeJS.ProcessEnv,
  ready: Promise<unknown>,
  times: 1 | 2,
) {
  const env = { PATH: process.env['PATH'], HOME: folder, INGOT_STORE: join(folder, 'store'), ...environment }
  const child = spawn(ingot, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  await ready
  child.kill('SIGINT')
  if (times === 2) {
    await new Promise((done) => setTimeout(done, 300))
    child.kill('SIGINT')
  }
  const [code, signal] = await closed
  return { code, signal, said }
}

test('a Hub that says nothing does not outlive a Ctrl-C', async () => {
  const asked = Promise.withResolvers<void>()
  const server = await startAnswering(() => asked.resolve())
  const environment = { HF_ENDPOINT: server.url }
  const ended = await interrupted(['memory', 'owner/name', ...memory], environment, asked.promise, 1)
  expect(ended).toMatchObject({
    code: 130,
    signal: null,
    said: expect.stringContaining('ingot: interrupted'),
  })
  await server.close()
}, 30_000)

/** Opens a pipe for writing as soon as somebody reads it, and writes nothing. */
async function writerTo(pipe: string): Promise<number> {
  for (;;)
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (errnoOf(error) !== 'ENXIO') throw error
      await new Promise((done) => setTimeout(done, 50))
    }
}

test.each([1, 2] as const)(
  'a thread that waits in a pipe for ever does not outlive %i Ctrl-C',
  async (times) => {
    const pipe = join(folder, `token-${times}`)
    execFileSync('mkfifo', [pipe])
    const environment = { HF_TOKEN_PATH: pipe, HF_ENDPOINT: 'http://127.0.0.1:9' }
    const writer = writerTo(pipe)
    const ended = await interrupted(['memory', 'owner/name', ...memory], environment, writer, times)
    expect(ended).toMatchObject({ code: 130, signal: null })
    closeSync(await writer)
  },
  30_000,
)
