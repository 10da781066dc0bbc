import { main } from '../../pipelines/cli.ts'

/** A command line that must not end as something unforeseen. Gives its exit code. */
export async function expectOrderly(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const texts: string[] = []
  const code = await main(argv, {
    stdout: (text) => void texts.push(text),
    stderr: (text) => void texts.push(text),
    environment,
    progress: { step() {}, bytes() {}, end() {}, lanes: () => [] },
    signal: new AbortController().signal,
  })
  const text = texts.join('')
  const trace = /unexpected failure[\s\S]*|^\s+at .+:\d+:\d+\)?$/m.exec(text)
  if (trace) throw new Error(`${argv[0]} ended with ${code} and ${trace[0].slice(0, 600)}`)
  if (text.includes('[object Object]'))
    throw new Error(`${argv[0]} says [object Object]: ${text.slice(0, 300)}`)
  return code
}
