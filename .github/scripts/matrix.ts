import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

// node matrix.ts cpu|gpu [BASE]: a build matrix as one line of JSON, of the recipes for that device; with a commit BASE only
// of those that changed since.

const [device = 'cpu', base = ''] = process.argv.slice(2)
const changed = base === '' ? [] : ['--changed', base]
const program = resolve(import.meta.dirname, '../../bin/ingot')

interface Listed {
  file: string
  name: string | null
  device: 'cpu' | 'cuda' | null
  gpu: { name: string; count: number } | null
  limits: number
}

// Our own program's output.
const { recipes } = JSON.parse(
  execFileSync(program, ['list', '--json', ...changed], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
) as { recipes: Listed[] }

const include = recipes
  .filter((recipe) => recipe.name !== null && (recipe.device === 'cpu' ? 'cpu' : 'gpu') === device)
  .map(({ file, name, gpu, limits }) => ({
    recipe: file,
    name,
    limits: limits > 0,
    ...(gpu && { gpu: gpu.name, count: gpu.count }),
  }))
process.stdout.write(`${JSON.stringify({ include })}\n`)
