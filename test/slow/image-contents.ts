import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { toolPath } from '../tools/find.ts'

// What an image has, and what its packages say that they brought: by crane, tar, dpkg's lists and the RECORD files of wheels,
// and by nothing of ingot.

/** Files of packages by name, and which of them Debian or Python brought. */
export type OwnedFiles = Map<string, string[]>

/** Every path of an image that is no folder. */
export async function pathsIn(image: string): Promise<string[]> {
  const listed = await fromExport(image, 'tar --list --verbose')
  return listed.split('\n').flatMap((line) => {
    const name = /^[^d]\S* +\S+ +\S+ +\S+ +\S+ (.+?)(?: -> .*| link to .*)?$/.exec(line)?.[1]
    return name === undefined ? [] : [`/${name.replace(/^\.?\//, '')}`]
  })
}

/** Code and data of each Debian package, by dpkg's lists in an image: neither folders nor documentation. */
export async function debianFiles(image: string): Promise<OwnedFiles> {
  const files = new Set(await pathsIn(image))
  const found: OwnedFiles = new Map()
  for (const [name, line] of await linesOf(image, 'var/lib/dpkg/info/*.list')) {
    const real = line.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/')
    if (!files.has(real) || /^\/usr\/share\/(doc|man|locale|lintian|bug|info)\//.test(real)) continue
    add(found, baseName(name).replace(/(:[^:]*)?\.list$/, ''), real)
  }
  return found
}

/** Code and data of each Python package, by the RECORD that its wheel brought: neither metadata nor bytecode. */
export async function pythonFiles(image: string): Promise<OwnedFiles> {
  const found: OwnedFiles = new Map()
  const paths = await pathsIn(image)
  if (!paths.some((path) => path.endsWith('.dist-info/RECORD'))) return found
  for (const [record, line] of await linesOf(image, '*.dist-info/RECORD')) {
    const [, site = '', name = ''] = /^(.*)\/([^/]+?)-\d[^/]*\.dist-info\/RECORD$/.exec(record) ?? []
    const path = line.replace(/,[^,]*,[^,]*$/, '').replace(/^"(.*)"$/, '$1')
    if (path === '' || /\.dist-info\/|\.pyc$/.test(path)) continue
    add(found, plainName(name), new URL(path, `file:///${site}/`).pathname)
  }
  return found
}

/** As the Python index compares names (PEP 503). */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

function add(found: OwnedFiles, owner: string, path: string): void {
  found.set(owner, [...(found.get(owner) ?? []), path])
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Lines of the files that a pattern of tar means, each with its file. */
async function linesOf(image: string, pattern: string): Promise<[file: string, line: string][]> {
  const command = `sed "s|^|$TAR_FILENAME\\t|"`
  const text = await fromExport(image, `tar --extract --to-command='${command}' --wildcards '${pattern}'`)
  return text.split('\n').flatMap((line): [string, string][] => {
    const [file, rest] = line.split('\t')
    return file === undefined || rest === undefined ? [] : [[file, rest.replace(/\r$/, '')]]
  })
}

/** Runs a command on the tar that crane makes of an image. */
async function fromExport(image: string, command: string): Promise<string> {
  const script = `'${toolPath('crane')}' export --insecure '${image}' - | ${command}`
  const { stdout } = await promisify(execFile)('bash', ['-ceuo', 'pipefail', script], { maxBuffer: 1 << 29 })
  return stdout
}
