import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

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
  const [command = '', ...rest] = root === '/' ? server : ['chroot', root, ...server]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', VK_ICD_FILENAMES: '/none' },
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
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
