import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** Sources that a file needs to run, by path from the repository's root: itself and what it imports, types left out. */
export function sourcesBehind(file: string, found = new Set<string>()): string[] {
  const path = relative(root, file)
  if (found.has(path)) return []
  found.add(path)
  const text = readFileSync(file, 'utf8')
  for (const [, name = ''] of text.matchAll(/^import(?! type)[^']*?from '(\.[^']+)'/gm))
    sourcesBehind(resolve(dirname(file), name), found)
  return [...found].sort()
}

/** Files that are read and not imported. */
const beside = [
  'package.json',
  ...['checks', 'dense', 'layers', 'compiled', 'kernels', 'facts'].map(scriptOf),
]

function scriptOf(name: string): string {
  return `test/gpu-proof/${name}.py`
}

/** All files of the kit but Node, by path from the repository's root. */
export function kitFiles(): string[] {
  return [...sourcesBehind(join(root, 'test/gpu-proof/prove.ts')), ...beside, 'test/gpu-proof/prove.sh']
}

/**
 * Writes a folder that needs nothing but a shell and Python on the machine with the card: this program's sources, Node packed by
 * xz, and `prove.sh`, which starts them.
 */
export function packKit(folder: string): void {
  for (const path of kitFiles()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path))
  }
  cpSync(join(root, 'test/gpu-proof/prove.sh'), join(folder, 'prove.sh'))
  const packed = join(folder, 'node.xz')
  if (existsSync(packed)) return
  const script =
    'import lzma, shutil, sys\nwith open(sys.argv[1], "rb") as a, lzma.open(sys.argv[2], "wb", preset=6) as b: shutil.copyfileobj(a, b)'
  // A half of it would be found here by the next call.
  execFileSync('python3', ['-c', script, process.execPath, `${packed}.part`])
  renameSync(`${packed}.part`, packed)
}
