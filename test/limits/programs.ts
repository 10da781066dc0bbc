import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { programs } from '../tools/catalogue.ts'
import { findInPath } from '../tools/find.ts'
import type { Started } from './watch.ts'

/** What every Debian has (`Priority: required`), and what Node brings. */
const everywhere = new Set([
  ...[
    'bash',
    'sh',
    'cat',
    'chmod',
    'chroot',
    'cp',
    'cut',
    'date',
    'dd',
    'du',
    'id',
    'kill',
    'mkdir',
    'mv',
    'rm',
    'seq',
    'sort',
    'stat',
    'tail',
    'touch',
    'truncate',
    'wc',
    'echo',
    'find',
    'grep',
    'head',
    'ldd',
    'ln',
    'ls',
    'mkfifo',
    'perl',
    'sha256sum',
    'sleep',
    'sync',
    'tar',
  ],
  ...[
    'flock',
    'mount',
    'nsenter',
    'setpriv',
    'umount',
    'unshare',
    'dpkg-deb',
    'dpkg-query',
    'true',
    'false',
    'which',
  ],
  ...['node', 'npm', 'npx'],
  // ingot asks it for its index and does without an answer.
  'pip',
])

const installers: Readonly<Record<string, RegExp>> = {
  'apt-get': /./,
  apt: /./,
  dpkg: /^(-i|--install|--unpack)$/,
  mmdebstrap: /./,
  debootstrap: /./,
  go: /^(install|build|get|run|mod)$/,
  pip: /^(install|download|wheel)$/,
  pip3: /^(install|download|wheel)$/,
  uv: /^(install|add|sync|venv|tool|run)$/,
  pipx: /./,
  npm: /^(install|i|ci|exec)$/,
  npx: /^(--yes|-y)$/,
  cargo: /^(install|build)$/,
  gcc: /./,
  cc: /./,
  make: /./,
}

/**
 * How a process would install something on this machine, in words; undefined where it does not. The tarball of ingot in a
 * project of its own is what a test is about, and no tool of a test.
 */
export function installationIn({ program, args }: Started): string | undefined {
  const name = basename(program)
  const line = [name, ...args].join(' ').slice(0, 120)
  if (/^python[\d.]*$/.test(name) && args[0] === '-m')
    return installationOf(args[1] ?? '', args.slice(2), line)
  if (name === 'sh' || name === 'bash') return installationInScript(args)
  return installationOf(name, args, line)
}

function installationOf(name: string, args: readonly string[], line: string): string | undefined {
  if (name === 'venv' || name === 'ensurepip') return line
  if (name === 'npm' && args.some((arg) => /ingot-[\d.]+\.tgz$/.test(arg))) return undefined
  const found = installers[name]
  return found !== undefined && args.some((arg) => found.test(arg)) ? line : undefined
}

/** Of a shell only what it is told by `-c` is known here. */
function installationInScript(args: readonly string[]): string | undefined {
  const index = args.findIndex((arg) => /^-[a-z]*c/.test(arg))
  const script = index < 0 ? '' : (args[index + 1] ?? '')
  for (const command of script.split(/[;&|\n]+/)) {
    const [program = '', ...words] = command.trim().split(/\s+/)
    const found = program === '' ? undefined : installationIn({ program, args: words, path: '' })
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Whether a program is one that a fresh machine has or is given, or is at no place where a test has not put it: a temporary
 * folder by its name, or outside of the system by its path.
 */
export function isKnown({ program, path }: Started): boolean {
  const name = basename(program)
  if (everywhere.has(name) || Object.hasOwn(programs, name)) return true
  if (program.includes('/')) return !/^\/(usr\/(local\/)?)?s?bin\//.test(program)
  const place = findInPath(program, path)
  return place === undefined || place.startsWith(`${tmpdir()}/`)
}
