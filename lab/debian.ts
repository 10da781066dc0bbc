import { outputOf, runLogged } from './commands.ts'
import { type LabSettings, logFile } from './settings.ts'
import type { Say } from './terminal.ts'

// The user that apt downloads as must reach the directory, or the result differs by an owner; not every cache directory
// lets others in.
const inside = 'mount --bind "$0" /mnt && TMPDIR=/mnt exec mmdebstrap "$@"'

/**
 * Runs mmdebstrap with its temporary files in `workDir`. It mounts /proc and /sys for the packages' scripts;
 * in a mount namespace of its own nothing of that stays when it is killed.
 */
export async function runMmdebstrap(
  args: readonly string[],
  workDir: string,
  log: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  const env = { ...process.env, ...options.env }
  const contained = ['--mount', '--propagation', 'private', 'sh', '-c', inside, workDir, ...args]
  await runLogged('unshare', contained, log, { env, signal: options.signal })
}

/** Installs mmdebstrap on the host, the only package that the lab adds to it. */
export async function installMmdebstrap(settings: LabSettings, say: Say, signal: AbortSignal) {
  if (await outputOf('mmdebstrap', ['--version'])) return
  const log = logFile(settings, 'apt')
  say(`installing mmdebstrap with apt (log: ${log})`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await runLogged('apt-get', ['update'], log, { env, signal })
  const install = ['install', '--yes', '--no-install-recommends', 'mmdebstrap']
  await runLogged('apt-get', install, log, { env, signal })
}
