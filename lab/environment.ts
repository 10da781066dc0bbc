import { join } from 'node:path'
import { daggerCommand, type Environment, engineSocket, labSettings } from './settings.ts'

/** The variables that make the Dagger SDK and command line use the lab's engine. */
export function labEnvironment(env: Environment = process.env): Record<string, string> {
  const settings = labSettings(env)
  return {
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${engineSocket(settings)}`,
    _EXPERIMENTAL_DAGGER_CLI_BIN: daggerCommand(settings),
    // The lab makes its own base images, so what they are locked to holds on this machine alone.
    INGOT_LOCKS: join(settings.dir, 'locks'),
    DAGGER_NO_NAG: '1',
    DO_NOT_TRACK: '1',
  }
}
