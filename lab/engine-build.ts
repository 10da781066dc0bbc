import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { outputOf, runLogged } from './commands.ts'
import { LabError } from './errors.ts'
import { pathExists, removeTree, replaceLink } from './files.ts'
import { type LabSettings, logFile } from './settings.ts'
import type { Say } from './terminal.ts'

export const daggerVersion = 'v0.21.8'

const moduleDir = join(import.meta.dirname, 'engine')
const commands = ['engine', 'dagger', 'init', 'dnsname']
const buildArguments = [
  'build',
  '-mod=readonly',
  '-trimpath',
  '-tags=dfexcludepatterns,dfparents',
  `-ldflags=-s -w ${['Version', 'Tag'].map((name) => `-X github.com/dagger/dagger/engine.${name}=${daggerVersion}`).join(' ')}`,
]

/** Changes when anything does that the binaries are made from. */
export async function engineKey(dir: string = moduleDir): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([buildArguments, commands, process.arch]))
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) hash.update(file.slice(dir.length)).update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

/** Builds Dagger's programs unless they are there; returns their directory. */
export async function provideEngine(settings: LabSettings, say: Say, signal: AbortSignal) {
  const target = join(settings.dir, `bin-${await engineKey()}`)
  if (!(await pathExists(target))) {
    await requireGo()
    say(`building the Dagger engine, some 4 to 8 minutes on 2 cores (log: ${logFile(settings, 'go')})`)
    await build(settings, target, signal)
  }
  await replaceLink(target, join(settings.dir, 'bin'))
  return target
}

async function build(settings: LabSettings, target: string, signal: AbortSignal): Promise<void> {
  const work = join(settings.dir, 'tmp', `bin-${process.pid}`)
  await mkdir(work, { recursive: true })
  const packages = commands.map((name) => `github.com/dagger/dagger/cmd/${name}`)
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' }
  const args = [...buildArguments, '-o', `${work}/`, ...packages]
  await runLogged('go', args, logFile(settings, 'go'), { cwd: moduleDir, env, signal })
  await removeTree(target)
  await rename(work, target)
}

async function requireGo(): Promise<void> {
  if (await outputOf('go', ['version'])) return
  const hint =
    'install Go 1.26 or newer (https://go.dev/doc/install), or use Docker or Podman instead of the lab'
  throw new LabError('tool-missing', 'the lab builds the engine with Go, and there is no go command', hint)
}
