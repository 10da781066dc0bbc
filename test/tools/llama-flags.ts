import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Where Debian's packages of one version have the names: the page that its build makes of `--help`, and the library that parses. */
export interface LlamaFiles {
  /** `usr/share/man/man1/llama-server.1`, unpacked. */
  page: string
  /** `libllama-common.so`. */
  library: Uint8Array
}

export interface LlamaNames {
  flags: string[]
  variables: string[]
}

/**
 * Flags with their dashes, and variables. The page breaks a few names at ends of lines, and the library holds flags of other
 * programs as well: together they may hold words that are no flag of the server, and what they lack is surely none.
 */
export function llamaNames({ page, library }: LlamaFiles): LlamaNames {
  const text = page.replaceAll(/\\f[BRIP]/g, '').replaceAll('\\-', '-')
  const told = [...text.matchAll(/(?<![\w-])--?[A-Za-z][\w.]*(?:-[\w.]+)*/g)].map(([word]) => word)
  const strings = Buffer.from(library).toString('latin1')
  const held = [...strings.matchAll(/(?<=\0)--[a-z][\w.-]*[a-z\d](?=\0)/g)].map(([word]) => word)
  const variables = [...`${text}\0${strings}`.matchAll(/(?<![A-Z_])LLAMA_ARG_[A-Z0-9_]*[A-Z0-9]/g)]
  return {
    flags: unique([...told.map((word) => word.replace(/\.$/, '')), ...held]),
    variables: unique(variables.map(([word]) => word)),
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = ['']
  for (const name of names) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + name.length > 160) lines.push(name)
    else lines[lines.length - 1] = last === '' ? name : `${last} ${name}`
  }
  return lines.map((line) => `\n    ${line}`).join('')
}

function textOf(version: string, { flags, variables }: LlamaNames): string {
  const table = (words: string, name: string, names: readonly string[]) =>
    `/** ${words} */\nexport const ${name}: NameHistory = [\n  [\n    \`${version}\`,\n    \`${wrapped(names)}\`,\n    \`\`,\n  ],\n]\n`
  return `import type { NameHistory } from '../name-history.ts'

// Read from Debian's packages by \`node test/tools/llama-flags.ts VERSION PAGE.gz LIBRARY\`, which writes this file.

${table('Flags with their dashes; some are of other programs: what the list lacks is surely no flag.', 'flags', flags)}
${table('Variables that stand for flags.', 'variables', variables)}`
}

if (import.meta.main) {
  const [version = '', page = '', library = ''] = process.argv.slice(2)
  const names = llamaNames({
    page: gunzipSync(await readFile(page)).toString('utf8'),
    library: await readFile(library),
  })
  await writeFile(
    join(import.meta.dirname, '../../images/engines/llama-cpp/names.ts'),
    textOf(version, names),
  )
}
