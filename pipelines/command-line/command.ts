import type { CommandProgress } from '../process/progress.ts'

/** Everything a command may touch of the process around it. */
export interface CommandContext {
  stdout(text: string): void
  stderr(text: string): void
  environment: NodeJS.ProcessEnv
  progress: CommandProgress
  signal: AbortSignal
}

/** A command once it is loaded; its table says what it takes. */
export interface Command {
  run(argv: readonly string[], context: CommandContext): Promise<number>
}
