import { daggerCommand, type Environment, engineSocket, labSettings } from './settings.ts'

/** The variables that make the Dagger SDK and command line use the lab's engine. */
export function labEnvironment(env: Environment = process.env): Record<string, string> {
  const settings = labSettings(env)
  return {
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${engineSocket(settings)}`,
    _EXPERIMENTAL_DAGGER_CLI_BIN: daggerCommand(settings),
    DAGGER_NO_NAG: '1',
    DO_NOT_TRACK: '1',
  }
}
