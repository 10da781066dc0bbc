import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { indexVariables } from '../../pipelines/weights/python-index.ts'
import { type PythonName, uvVersion } from './catalogue.ts'
import { command, type Installation } from './command.ts'
import { pythonFolder, requirementsFile, wholeMark } from './find.ts'

/** Makes an environment with every package of its list; an earlier half of it goes first. */
export async function makePython(name: PythonName, given: Installation): Promise<void> {
  const folder = pythonFolder(name)
  await rm(folder, { recursive: true, force: true })
  await uv(given, 'venv', '--python', 'python3', folder)
  const python = join(folder, 'bin/python')
  // Compiled here, so that no test writes into the environment.
  await uv(given, 'pip', 'install', '--compile-bytecode', '--python', python, '-r', requirementsFile(name))
  await writeFile(join(folder, wholeMark), '')
}

/** Unpacks wheels into a folder, without what they depend on. */
export async function unpackWheels(packages: readonly string[], target: string, given: Installation) {
  await uv(given, 'pip', 'install', '--no-deps', '--python', 'python3', '--target', target, ...packages)
}

/** Fetches and unpacks the source package of one package; uv has no word for that, so pip does it. */
export async function unpackSource(wanted: string, target: string, given: Installation): Promise<void> {
  await provideUv(given)
  const name = wanted.split('==')[0] ?? wanted
  const options = ['--no-deps', '--no-binary', name, '--dest', target]
  await command(given, join(uvFolder(given), 'bin/python'), [
    '-m',
    'pip',
    'download',
    '-q',
    ...options,
    wanted,
  ])
  await command(given, 'sh', [
    '-ceu',
    'cd "$1" && tar --extract --file *.tar.gz && rm *.tar.gz',
    'sh',
    target,
  ])
}

async function uv(given: Installation, ...args: string[]): Promise<void> {
  await provideUv(given)
  const variables = {
    ...(await indexVariables(readSettings(process.env))),
    UV_PYTHON_DOWNLOADS: 'never',
    // What the machine trusts, as pip does.
    UV_SYSTEM_CERTS: '1',
    UV_NO_CONFIG: '1',
    UV_LINK_MODE: 'copy',
    UV_CACHE_DIR: join(given.folder, 'uv-cache'),
  }
  await command(given, join(uvFolder(given), 'bin/uv'), [...args, '--quiet'], variables)
}

function uvFolder({ folder }: Installation): string {
  return join(folder, `uv-${uvVersion}`)
}

async function provideUv(given: Installation): Promise<void> {
  const folder = uvFolder(given)
  if (existsSync(join(folder, wholeMark))) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(given.folder, { recursive: true })
  await command(given, 'python3', ['-m', 'venv', folder])
  await command(given, join(folder, 'bin/python'), ['-m', 'pip', 'install', '-q', `uv==${uvVersion}`])
  await writeFile(join(folder, wholeMark), '')
}
