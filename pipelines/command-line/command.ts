import type { CommandProgress } from '../process/progress.ts'
import type { Settings } from '../settings/settings.ts'

/** The process around a command. */
export interface ProcessContext {
  stdout(text: string): void
  stderr(text: string): void
  environment: NodeJS.ProcessEnv
  progress: CommandProgress
  signal: AbortSignal
  /** Says that the command ends by itself after an interrupt, and is waited for however long that takes. */
  endsItself?(): void
}

/** Everything a command may touch of the process around it; of the environment only what `settings` says. */
export interface CommandContext extends Omit<ProcessContext, 'environment'> {
  settings: Settings
}

/** A command once it is loaded; its table says what it takes. */
export interface Command {
  run(argv: readonly string[], context: CommandContext): Promise<number>
}
