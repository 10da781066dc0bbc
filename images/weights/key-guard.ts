import type { SettingsFile } from '../tree/settings.ts'
import { guardExitCode, guardFolder } from './mount-guard.ts'

const scriptPath = `${guardFolder}/key-guard`

/** What an image whose server wants a key holds: a script that refuses to start it without one. */
export function keyGuardFiles(variable: string): SettingsFile[] {
  return [
    { type: 'folder', path: guardFolder, mode: '0755' },
    { type: 'file', path: scriptPath, mode: '0755', content: keyGuardScript(variable) },
  ]
}

/** Programs that it starts. */
export const keyGuardPrograms = ['/usr/bin/sh'] as const

/** The entrypoint with the guard before it. */
export function keyGuardedEntrypoint(entrypoint: readonly string[]): string[] {
  return ['/bin/sh', scriptPath, ...entrypoint]
}

/**
 * A POSIX script of the shell's own words: a server that finds no key in its variable serves everybody, and one whose key
 * ends in the CR of a file serves nobody. The key may come in a file, as secrets of Docker and Podman do.
 */
export function keyGuardScript(variable: string): string {
  const wrong = `ingot: ${variable} must be one key of printable ASCII`
  return `#!/bin/sh
# Checks that there is a key, then becomes the server. ${variable}_FILE names a file with the key, where it is no variable.
LC_ALL=C
if [ -z "\${${variable}:-}" ] && [ -n "\${${variable}_FILE:-}" ]; then
  [ -r "$${variable}_FILE" ] || { echo "ingot: ${variable}_FILE names a file that this user cannot read" >&2; exit ${guardExitCode}; }
  { IFS= read -r ${variable} || :; } < "$${variable}_FILE"
  export ${variable}
fi
case "\${${variable}:-}" in
  '') echo "ingot: ${variable} is empty or not set; this image serves nobody without a key, so give one at run time" >&2; exit ${guardExitCode} ;;
  *[!!-~]*) echo "${wrong}: it holds a blank, a line break, a CR or another character that no client can send" >&2; exit ${guardExitCode} ;;
  *,*) echo "${wrong} without a comma, which servers take for two keys" >&2; exit ${guardExitCode} ;;
esac
exec "$@"
`
}
