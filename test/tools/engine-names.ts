import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openConnection } from '../../pipelines/network/connection.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { openWheel } from '../../pipelines/weights/pypi.ts'
import { listPackageFiles } from '../../pipelines/weights/python-index.ts'
import { readMember } from '../../pipelines/weights/zip.ts'
import { nameLists } from './quantizations.ts'

export const kinds = ['toolCallParsers', 'reasoningParsers', 'flags'] as const
export type Kind = (typeof kinds)[number]
export type Names = Record<Kind, string[]>

/** Where an engine's wheel says which names its command line takes. */
interface Sources {
  toolCallParsers: { path: string; before: RegExp }
  reasoningParsers: { path: string; before: RegExp }
  /** Names beside those of the maps. */
  always: readonly string[]
  /** Files whose words `--flag` and members of classes are flags. More than all is right: what is in none is surely none. */
  flagFiles: RegExp
}

export const sources: Record<'vllm' | 'sglang', Sources> = {
  vllm: {
    toolCallParsers: { path: 'vllm/tool_parsers/__init__.py', before: /^_TOOL_PARSERS_TO_REGISTER = \{$/m },
    reasoningParsers: {
      path: 'vllm/reasoning/__init__.py',
      before: /^_REASONING_PARSERS_TO_REGISTER = \{$/m,
    },
    always: [],
    flagFiles:
      /^vllm\/(engine\/arg_utils|utils\/argparse_utils|entrypoints\/(\w+\/)?(cli_args|serve|main|launch))\.py$/,
  },
  sglang: {
    toolCallParsers: {
      path: 'sglang/srt/function_call/function_call_parser.py',
      before: /^ {4}ToolCallParserEnum: .* = \{$/m,
    },
    reasoningParsers: {
      path: 'sglang/srt/parser/reasoning_parser.py',
      before: /^ {4}DetectorMap: .* = \{$/m,
    },
    always: ['auto'],
    flagFiles:
      /^sglang\/(launch_server|srt\/(server_args|(utils\/)?server_args_config_parser|arg_groups\/(fields\/)?\w+))\.py$/,
  },
}

/** Flags from each of the places that hold some: without one of them a file was not found. */
const neverGone = [
  'host',
  'port',
  'api-key',
  'tool-call-parser',
  'reasoning-parser',
  'chat-template',
  'dtype',
  'config',
]

export const versionsOf = (engine: keyof typeof sources): readonly string[] =>
  nameLists.find(({ folder }) => folder === engine)?.versions ?? []

/** The names in a wheel's source, which is read by ranges and never imported. Throws where a list is empty. */
export async function readNames(engine: keyof typeof sources, version: string): Promise<Names> {
  const { toolCallParsers, reasoningParsers, always, flagFiles } = sources[engine]
  const isWanted = (path: string) =>
    path === toolCallParsers.path || path === reasoningParsers.path || flagFiles.test(path)
  const texts = await readSources(engine, version, isWanted)
  const names: Names = {
    toolCallParsers: [...always, ...keysIn(texts.get(toolCallParsers.path), toolCallParsers.before)].sort(),
    reasoningParsers: [
      ...always,
      ...keysIn(texts.get(reasoningParsers.path), reasoningParsers.before),
    ].sort(),
    flags: [
      ...new Set([...texts].flatMap(([path, text]) => (flagFiles.test(path) ? flagsIn(text) : []))),
    ].sort(),
  }
  const empty = kinds.find((kind) => names[kind].length <= always.length)
  if (empty !== undefined) throw new Error(`the wheel of ${engine} ${version} has no list of ${empty}`)
  const lost = neverGone.filter((flag) => !names.flags.includes(flag))
  if (lost.length > 0)
    throw new Error(`${engine} ${version}: the files of flags moved, as ${lost.join(', ')} is gone`)
  return names
}

async function readSources(
  distribution: string,
  version: string,
  isWanted: (path: string) => boolean,
): Promise<Map<string, string>> {
  const settings = readSettings(process.env)
  const connection = openConnection(settings.proxies)
  const context = { recipeFolder: '.', settings, fetch: connection.fetch }
  try {
    const wheel = (await listPackageFiles(distribution, context)).find(
      ({ filename }) => filename.endsWith('.whl') && filename.split('-')[1] === version,
    )
    if (wheel === undefined) throw new Error(`the index has no wheel of ${distribution} ${version}`)
    const zip = await openWheel(wheel, context)
    const texts = new Map<string, string>()
    for (const [path, entry] of zip.entries) {
      if (!isWanted(path)) continue
      const chunks = []
      for await (const chunk of readMember(zip, entry, 0)) chunks.push(chunk)
      texts.set(path, Buffer.concat(chunks).toString('utf8'))
    }
    await zip.file.close()
    return texts
  } finally {
    await connection.close()
  }
}

/** Keys of a map, at the level below its first line. */
export function keysIn(source: string | undefined, before: RegExp): string[] {
  const found = before.exec(source ?? '')
  if (found === null || source === undefined) return []
  const indent = /^ */.exec(found[0])?.[0] ?? ''
  const rest = source.slice(found.index + found[0].length)
  const body = rest.slice(0, rest.indexOf(`\n${indent}}`))
  return [...body.matchAll(new RegExp(`^${indent} {4}"([^"]+)":`, 'gm'))].map(([, name = '']) => name)
}

/** Words `--flag`, and what argparse would make of the members of a class. Without the dashes before them. */
export function flagsIn(source: string): string[] {
  const words = [...source.matchAll(/"--([a-zA-Z][\w.-]*)"/g)].map(([, name = '']) => name)
  const members = [...source.matchAll(/^ {4}([a-z]\w*): /gm)].map(([, name = '']) => name)
  return [...words, ...members].map((name) => name.replaceAll('_', '-'))
}

interface Change {
  versions: string[]
  added: string[]
  gone: string[]
}

/** Versions in their order, each with what it has more and less than the one before. */
export function historyOf(lists: readonly { version: string; names: readonly string[] }[]): Change[] {
  const changes: Change[] = []
  let before: readonly string[] = []
  for (const { version, names } of lists) {
    const added = names.filter((name) => !before.includes(name))
    const gone = before.filter((name) => !names.includes(name))
    const last = changes.at(-1)
    if (last !== undefined && added.length + gone.length === 0) last.versions.push(version)
    else changes.push({ versions: [version], added, gone })
    before = names
  }
  return changes
}

/** Words in lines of at most 180 characters. */
function wrapped(words: readonly string[]): string {
  return words.join(' ').replace(/(.{1,170})(?: |$)/g, '\n    $1')
}

/** A file for the parsers and one for the flags. */
const files: Record<string, readonly Kind[]> = {
  'names.ts': ['toolCallParsers', 'reasoningParsers'],
  'flags.ts': ['flags'],
}

function textOf(lists: readonly { version: string; names: Names }[], held: readonly Kind[]): string {
  const tables = held.map((kind) => {
    const rows = historyOf(lists.map(({ version, names }) => ({ version, names: names[kind] }))).map(
      ({ versions, added, gone }) =>
        `  [\`${versions.join(' ')}\`, \`${wrapped(added)}\`, \`${wrapped(gone)}\`],\n`,
    )
    return `export const ${kind}: NameHistory = [\n${rows.join('')}]\n`
  })
  return `import type { NameHistory } from '../name-history.ts'

// Read from wheels by \`node test/tools/engine-names.ts\`, which writes this file: versions, names that came, names that went.

${tables.join('\n')}`
}

if (import.meta.main)
  for (const engine of ['vllm', 'sglang'] as const) {
    const lists = []
    for (const version of versionsOf(engine)) lists.push({ version, names: await readNames(engine, version) })
    for (const [name, held] of Object.entries(files)) {
      const file = join(import.meta.dirname, '../../images/engines', engine, name)
      await writeFile(file, textOf(lists, held))
      process.stdout.write(`${file}\n`)
    }
  }
