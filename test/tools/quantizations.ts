import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSources } from './wheel-sources.ts'

/** Where a distribution lists the names that it takes: the file by version, and the words before the list. */
export interface NameList {
  distribution: string
  folder: string
  versions: readonly string[]
  /** The first that the wheel has and that holds the list. */
  paths: readonly string[]
  before: RegExp
}

/** The engines whose tables are read from wheels. */
export const nameLists = [
  {
    distribution: 'vllm',
    folder: 'vllm',
    versions: [
      ...['0.20.0', '0.20.1', '0.20.2', '0.21.0', '0.22.0', '0.22.1', '0.23.0', '0.24.0', '0.25.0', '0.25.1'],
      ...['0.26.0', '0.27.0', '0.27.1', '0.28.0', '0.29.0', '0.30.0', '0.31.0', '0.32.0', '0.33.0'],
    ],
    paths: ['vllm/model_executor/layers/quantization/__init__.py'],
    before: /^QuantizationMethods = Literal\[$/m,
  },
  {
    distribution: 'sglang',
    folder: 'sglang',
    versions: ['0.5.15', '0.5.16', '0.5.17', '0.5.18', '0.5.19', '0.5.20', '0.5.21', '0.5.22', '0.5.23'],
    paths: ['sglang/srt/arg_groups/choices.py', 'sglang/srt/server_args.py'],
    before: /^QUANTIZATION_CHOICES = \[$/m,
  },
] as const satisfies readonly NameList[]

/** The names in a wheel's source, which is read by ranges and never imported. Throws where the wheel has no such list. */
export async function readNames(list: NameList, version: string): Promise<string[]> {
  const sources = await readSources({ distribution: list.distribution, version, paths: list.paths })
  const found = [...sources.values()].map((text) => namesIn(text, list.before))
  const names = found.find((some) => some.length > 0)
  if (names) return names
  throw new Error(`${list.distribution} ${version} has no list of names in ${list.paths.join(', ')}`)
}

/** Strings in quotes between the words before a list and the bracket at the start of a line that ends it. */
export function namesIn(source: string, before: RegExp): string[] {
  const found = before.exec(source)
  if (found === null) return []
  const rest = source.slice(found.index + found[0].length)
  const body = rest.slice(0, rest.indexOf('\n]'))
  return [...body.matchAll(/^\s*"([^"]+)",/gm)].map(([, name = '']) => name).sort()
}

/** Versions in their order, those with the same names together, each with what came and went beside those before it. */
export async function readChanges(list: NameList): Promise<Changes[]> {
  const changes: Changes[] = []
  let before: string[] = []
  for (const version of list.versions) {
    const names = await readNames(list, version)
    const added = names.filter((name) => !before.includes(name))
    const removed = before.filter((name) => !names.includes(name))
    const last = changes.at(-1)
    if (last !== undefined && added.length + removed.length === 0) last.versions.push(version)
    else changes.push({ versions: [version], added, removed })
    before = names
  }
  return changes
}

interface Changes {
  versions: string[]
  added: string[]
  removed: string[]
}

function textOf(changes: readonly Changes[]): string {
  return `import { quantizationTableOf } from '../quantization-table.ts'

/** Read from wheels by \`node test/tools/quantizations.ts\`, which writes this file. */
export const quantizationTable = quantizationTableOf(${JSON.stringify(changes, null, 2)})
`
}

if (import.meta.main)
  for (const list of nameLists) {
    const file = join(import.meta.dirname, '../../images/engines', list.folder, 'quantizations.ts')
    await writeFile(file, textOf(await readChanges(list)))
    process.stdout.write(`${file}\n`)
  }
