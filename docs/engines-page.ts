import type { EngineDefinition } from '../images/engines/engine.ts'
import { engines } from '../images/engines/engines.ts'
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

function unique(items: readonly string[]): string {
  return [...new Set(items)].join(', ')
}
