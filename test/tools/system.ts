import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { outputOf } from '../../lab/commands.ts'
import { type ProgramName, type ProgramSource, programs } from './catalogue.ts'
import { command, type Installation } from './command.ts'
import { programFolder, programPlace } from './find.ts'

type Taken = Extract<ProgramSource, { type: 'deb' | 'suite' }>

/** Whether a program is there and answers as a whole installation does. */
export function isInstalled(name: ProgramName): boolean {
  const path = programPlace(name)
  const source: ProgramSource = programs[name].source
  if (path === undefined || source.type !== 'apt' || source.proof === undefined) return path !== undefined
  try {
    execFileSync(path, source.proof, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** All of Debian's packages by one `update` and one `install`; needs root, or sudo that asks for no password. */
export async function installFromApt(packages: readonly string[], given: Installation): Promise<void> {
  if (!isRoot() && (await outputOf('sudo', ['-n', 'true'])) === undefined) {
    const list = packages.join(' ')
    throw new Error(`these packages are missing and only root can add them; to do: apt-get install ${list}`)
  }
  await aptGet(given, 'update', '-q')
  await aptGet(given, 'install', '-q', '-y', '--no-install-recommends', ...packages)
}

async function aptGet(given: Installation, ...args: string[]): Promise<void> {
  // Another process may be installing as well.
  const line = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args]
  const [program = '', ...rest] = isRoot() ? line : ['sudo', '-n', ...line]
  await command(given, program, rest)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Takes one file out of a package. It is unpacked beside its final place, so that a cut step leaves nothing there. */
export async function takeFromPackage(name: ProgramName, source: Taken, given: Installation): Promise<void> {
  const work = await mkdtemp(join(given.folder, `${name}-building-`))
  try {
    const tree =
      source.type === 'deb' ? await unpack(source, work, given) : await extract(source, work, given)
    await mkdir(join(work, 'file'))
    await rename(join(tree, source.file), join(work, 'file', name))
    await rename(join(work, 'file'), programFolder(name))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function unpack(source: Taken, work: string, given: Installation): Promise<string> {
  // apt-get writes into the working directory and can be told of no other; its own user may not reach the cache.
  const script = 'cd "$1" && apt-get -q -o APT::Sandbox::User=root download "$2"'
  await command(given, 'sh', ['-ceu', script, 'sh', work, source.package])
  const file = (await readdir(work)).find((name) => name.endsWith('.deb'))
  if (file === undefined) throw new Error(`apt-get downloaded nothing for ${source.package}`)
  await command(given, 'dpkg-deb', ['--extract', join(work, file), join(work, 'root')])
  return join(work, 'root')
}

async function extract(source: Taken, work: string, given: Installation): Promise<string> {
  if (source.type !== 'suite') throw new Error(`${source.package} has no suite`)
  const options = [
    '--variant=extract',
    `--include=${source.package}`,
    '--aptopt=Apt::Install-Recommends "false"',
  ]
  await command(given, 'mmdebstrap', [...options, source.suite, join(work, 'root')])
  return join(work, 'root')
}
