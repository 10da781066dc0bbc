import { createInterface } from 'node:readline/promises'

/** Asks a person, who may take the default with an empty line. */
export type Ask = (question: string, usual: string) => Promise<string>

/** Undefined where nobody sits: then nothing is asked. */
export function terminalAsk(signal: AbortSignal): Ask | undefined {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return async (question, usual) => {
    const lines = createInterface({ input: stdin, output: stderr })
    try {
      const said = await lines.question(`${question} [${usual}] `, { signal })
      return said.trim() === '' ? usual : said.trim()
    } finally {
      lines.close()
    }
  }
}
