import { lockDrift } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { resolveLock } from '../lock.ts'
import { loadLock, loadRecipe, saveLock } from '../recipes.ts'
import { type Command, type CommandContext, readArguments } from './command.ts'
import { withEngine } from './engine.ts'

export const lockCommand: Command = {
  options: { check: 'write nothing; exit 1 when the lock no longer matches the world' },
  run,
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(
    argv,
    { check: { type: 'boolean' } },
    { command: 'lock', least: 1, most: 1 },
  )
  const loaded = await loadRecipe(positionals[0] ?? '', context.environment)
  const before = await loadLock(loaded.lockFile)
  if (values.check && before === undefined) throw missingLock(loaded.file)
  const after = await withEngine(context, async (engine) =>
    resolveLock(await engine.client(), loaded, context.environment),
  )
  const drift = before === undefined ? ['new lock'] : lockDrift(before, after)
  for (const line of drift) context.stdout(`${line}\n`)
  if (values.check) return drift.length === 0 ? 0 : 1
  if (drift.length === 0) context.stdout('nothing drifted\n')
  else await saveLock(loaded.lockFile, after)
  return 0
}

function missingLock(file: string): StageError {
  return new StageError('missing-lock', {
    attempted: `compare the lock of ${file} with the world`,
    found: 'there is no lock yet',
    hint: `run \`ingot lock ${file}\``,
  })
}
