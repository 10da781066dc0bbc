import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { glob } from 'node:fs/promises'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'

/** Where llama-server is: `/`, or the root of another file system that has it. */
export interface ServerPlace {
  root: string
  port: number
}

const ends = /reserve took|server is listening|exiting due to|GGML_ASSERT|GGML_ABORT/

/** Lines of one start, until its buffers are reserved or it gives up; then it is ended. */
export async function startLines(
  { root, port }: ServerPlace,
  model: string,
  options: readonly string[],
): Promise<string[]> {
  const server = [
    'llama-server',
    '-m',
    model,
    '-fit',
    'off',
    '--no-warmup',
    '-lv',
    '4',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...options,
  ]
  const child = spawned(root, server)
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), 60_000)
  const lines: string[] = []
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (ends.test(line)) child.kill('SIGKILL')
    })
  await closed
  clearTimeout(timer)
  return lines
}

function spawned(root: string, words: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const [command = '', ...rest] = root === '/' ? words : ['chroot', root, ...words]
  return spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', VK_ICD_FILENAMES: '/none' },
  })
}

/** A device that takes every operation and leaves their order alone, as CUDA does; what it is given lies in memory. */
export interface SweepDevice {
  options: readonly string[]
  end(): Promise<void>
}

export async function startDevice({ root, port }: ServerPlace): Promise<SweepDevice> {
  const [program] = await Array.fromAsync(glob('usr/libexec/*/llama/bin/ggml-rpc-server', { cwd: root }))
  if (program === undefined) throw new Error(`no ggml-rpc-server (llama.cpp-tools-extra) in ${root}`)
  const child = spawned(root, [`/${program}`, '-H', '127.0.0.1', '-p', String(port + 1)])
  for (const stream of [child.stdout, child.stderr]) stream.resume()
  while (child.exitCode === null && !(await answers(port + 1))) await setTimeout(100)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = () => {
    child.kill('SIGKILL')
    return closed
  }
  return { options: ['--rpc', `127.0.0.1:${port + 1}`, '-ngl', '999'], end }
}

function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}
