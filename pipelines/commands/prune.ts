import { formatBytes } from '../../lib/bytes.ts'
import { StageError } from '../error.ts'
import { type Collected, collectGarbage } from '../store/garbage.ts'
import { listReferences, type Reference } from '../store/reference.ts'
import { closeStore, openStore, type Store } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder, usageError } from './command.ts'

export const pruneCommand: Command = {
  options: {
    'unused-for': 'keep layers that no image needs for this many days after a build used them; default 14',
    'dry-run': 'only say what would go',
    json: 'as JSON',
  },
  run,
}

const options = {
  'unused-for': { type: 'string', default: '14' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean' },
} as const

const dayMs = 86_400_000

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'prune', least: 0, most: 100 })
  const days = Number(values['unused-for'])
  if (!/^\d{1,6}(\.\d+)?$/.test(values['unused-for']))
    throw usageError('prune', `--unused-for is "${values['unused-for']}", not a number of days`)
  const store = await openStore(storeFolder(context.environment))
  try {
    const names = await namesOf(store, positionals)
    const collected = await prune(store, names, days * dayMs, values['dry-run'])
    const found = { images: [...names], ...collected, dryRun: values['dry-run'] }
    context.stdout(values.json ? `${JSON.stringify(found, null, 2)}\n` : pruneText(found))
    return 0
  } finally {
    await closeStore(store)
  }
}

/** Names as `ingot list` prints them; `NAME` stands for `NAME:latest` and its weights. Throws `no-image` for others. */
async function namesOf(store: Store, wanted: readonly string[]): Promise<Set<string>> {
  const known = (await listReferences(store)).flatMap(({ name }) => name ?? [])
  const found = new Set<string>()
  for (const one of wanted) {
    const companions = ['', '-weights', '-modelpack', '-modelcar'].map((suffix) => `${one}${suffix}:latest`)
    const matching = known.filter((name) => name === one || companions.includes(name))
    if (matching.length === 0) throw noImage(one, known)
    for (const name of matching) found.add(name)
  }
  return found
}

async function prune(
  store: Store,
  names: ReadonlySet<string>,
  recordsForMs: number,
  dryRun: boolean,
): Promise<Collected> {
  const drop = ({ name }: Reference) => name !== undefined && names.has(name)
  return collectGarbage(store, { recordsForMs, drop, dryRun })
}

function pruneText({
  images,
  removed,
  freedBytes,
  dryRun,
}: Collected & { images: string[]; dryRun: boolean }) {
  const verb = dryRun ? 'would free' : 'freed'
  return [
    ...images.map((name) => `${dryRun ? 'would remove' : 'removed'} the image ${name}`),
    ...removed
      .filter(({ sizeBytes }) => sizeBytes >= 1_000_000)
      .map(({ digest, sizeBytes }) => `  ${formatBytes(sizeBytes).padStart(9)}  ${digest}`),
    `${verb} ${formatBytes(freedBytes)} in ${removed.length} blobs`,
    '',
  ].join('\n')
}

function noImage(name: string, known: readonly string[]): StageError {
  return new StageError('no-image', {
    attempted: `remove the image ${name}`,
    found: known.length === 0 ? 'the store holds no image' : `the store holds ${known.join(', ')}`,
    hint: 'take a name from `ingot list`',
  })
}
