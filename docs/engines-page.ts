import type { EngineDefinition } from '../images/engines/engine.ts'
import { engines } from '../images/engines/engines.ts'
import { leastMemory } from './least-memory.ts'
import { row } from './markdown.ts'

const begin = '<!-- choosing: npm run docs -->'
const end = '<!-- /choosing -->'

/** docs/engines.md with the table that people choose by, from the definitions. */
export function withChoosingTable(text: string): string {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`docs/engines.md lacks ${begin} or ${end}`)
  return `${before}${begin}\n\n${choosingTable()}\n\n${end}${after}`
}

function choosingTable(): string {
  return [
    row(['', ...engines.map(({ title }) => title)]),
    row(['---', ...engines.map(() => '---')]),
    ...facts.map(([name, cell]) => row([name, ...engines.map(cell)])),
  ].join('\n')
}

const facts: readonly (readonly [string, (engine: EngineDefinition) => string])[] = [
  ['Taken for', ({ use }) => use],
  [
    'Tasks; a comma joins those of one server',
    ({ tasks }) => tasks.map((set) => set.join(', ')).join(' or '),
  ],
  ['Model files', ({ formats }) => formats.join(', ')],
  ['Computes on', ({ runtimes }) => unique(runtimes.map(({ device }) => device))],
  [
    'Sequences',
    ({ memory: { batching } }) =>
      batching.type === 'pool' ? 'batched as they come' : 'slots, reserved at the start',
  ],
  [
    'Split over GPUs',
    ({ memory: { splits } }) => (splits === 'heads' ? 'heads (tensor parallel)' : 'whole layers'),
  ],
  ['Quantisations', quantizationCell],
  ['Beside the model', besideCell],
  ['Its weights lie', ({ weights }) => (weights.type === 'store' ? 'in a store of its own' : 'as files')],
  ['Least GPU memory for a 7B, 16 bits', (engine) => memoryCell(engine, 16)],
  ['The same at 4 bits', (engine) => memoryCell(engine, 4)],
  ['Cache types', ({ reserved: { kvCacheDtypes } }) => kvCacheDtypes?.join(', ') ?? 'as the model'],
  [
    'Least compute capability',
    ({ runtimes }) =>
      unique(runtimes.flatMap(({ gpu }) => (gpu === undefined ? [] : [gpu.minCapability.toFixed(1)]))) || '–',
  ],
  ['API key', ({ apiKey }) => (apiKey === null ? '–' : `\`${apiKey.variable}\``)],
  ['Open beside the key', ({ apiKey }) => apiKey?.open.map((route) => `\`${route}\``).join(', ') ?? '–'],
  ['Port', ({ port }) => String(port)],
  ['Health page', ({ healthPath }) => `\`${healthPath}\``],
]

/** Names that a recipe may give; of engines with lists by version the newest counts. */
function quantizationCell({ quantizations }: EngineDefinition): string {
  if (quantizations === null) return 'those of the file'
  const newest = quantizations.table?.at(-1)
  const known = Object.keys(quantizations.least).join(', ')
  return newest === undefined
    ? known
    : `${known}; ${newest.names.length} names in ${newest.versions.at(-1) ?? '?'}`
}

/** Parts that it serves with a model, such as further models by name. */
function besideCell({ parts }: EngineDefinition): string {
  const served = Object.entries(parts).flatMap(([role, { type }]) =>
    type === 'served' ? [words[role] ?? role] : [],
  )
  return served.join(', ') || '–'
}

const words: Readonly<Record<string, string>> = {
  adapter: 'adapters',
  drafter: 'a drafter',
  projector: 'a projector',
  model: 'further models',
}

function memoryCell(engine: EngineDefinition, bits: 16 | 4): string {
  const gib = leastMemory(engine, bits)
  return gib === null ? '–' : `${gib} GiB`
}

function unique(items: readonly string[]): string {
  return [...new Set(items)].join(', ')
}
