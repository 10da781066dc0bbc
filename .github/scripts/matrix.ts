import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'

// node matrix.ts cpu|gpu [BASE]: a build matrix as one line of JSON, of the recipes for that device. With a commit BASE only
// those that changed since, or all when anything changed that every image is made with.

const [device = 'cpu', base = ''] = process.argv.slice(2)
const root = resolve(import.meta.dirname, '../..')
const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

interface Listed {
  file: string
  name: string | null
}

// Our own program's output.
const { recipes } = JSON.parse(run('bin/ingot', 'list', '--json')) as { recipes: Listed[] }
const changed = base === '' ? undefined : run('git', 'diff', '--name-only', base, 'HEAD').trim().split('\n')
const isEverything =
  changed === undefined ||
  changed.some((path) => /^(lib|images|pipelines|bin)\/|^recipes\/.*\.ts$|^package-lock\.json$/.test(path))

function isWanted({ file, name }: Listed): boolean {
  if (name === null) return false
  const { target } = parse(readFileSync(resolve(root, file), 'utf8'))
  if ((target?.gpu === undefined ? 'cpu' : 'gpu') !== device) return false
  const lock = file.replace(/\.ya?ml$/, '.lock.json')
  return isEverything || changed?.includes(file) === true || changed?.includes(lock) === true
}

const include = recipes.filter(isWanted).map(({ file, name }) => ({ recipe: file, name }))
process.stdout.write(
  `${JSON.stringify({ include: include.sort((a, b) => (a.recipe < b.recipe ? -1 : 1)) })}\n`,
)
