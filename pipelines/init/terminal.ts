import { createInterface } from 'node:readline/promises'

/** Asks a person, who may take the default with an empty line. */
export type Ask = (question: string, usual: string) => Promise<string>

/** Undefined where nobody sits: then nothing is asked. */
export function terminalAsk(signal: AbortSignal): Ask | undefined {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return async (question, usual) => {
    const lines = createInterface({ input: stdin, output: stderr })
    // Readline takes Ctrl-C for itself; it is the process's.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    try {
      // Ctrl-D ends the question, and takes the default as an empty line does.
      const said = await lines.question(`${question} [${usual}] `, { signal }).catch((error: unknown) => {
        if (signal.aborted) throw error
        return ''
      })
      return said.trim() === '' ? usual : said.trim()
    } finally {
      lines.close()
    }
  }
}
