import { main } from '../../../pipelines/cli.ts'

export interface CommandRun {
  code: number
  out: string
  err: string
}

/** One command line in this process, on this store. Progress goes with the errors. */
export async function ingot(store: string, ...args: string[]): Promise<CommandRun> {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment: { PATH: process.env['PATH'], HOME: '/nonexistent', INGOT_STORE: store },
    progress: { step: (text) => void err.push(`${text}\n`), bytes() {}, end() {}, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), err: err.join('') }
}
