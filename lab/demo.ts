import { spawnSync } from 'node:child_process'

const recipe = 'recipes/smollm2-135m-llama-cpp.yaml'

/** Builds the first image; where the archive moved on since the lock was written, takes its present versions and builds again. */
function demo(): number {
  const built = ingot('build', recipe)
  const drift = built === 1 ? driftOf(recipe) : ''
  if (drift === '') return built
  process.stderr.write(`demo: its lock is older than the archive, and is made anew:\n${drift}`)
  return ingot('lock', recipe, '--all') || ingot('build', recipe)
}

/** Empty where nothing moved, and where nobody can tell: what keeps the archive from being asked was the build's error too, and is told. */
function driftOf(file: string): string {
  const { status, stdout } = spawnSync('bin/ingot', ['lock', file, '--check'], {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
  return status === 1 ? stdout : ''
}

function ingot(...args: string[]): number {
  return spawnSync('bin/ingot', args, { stdio: 'inherit' }).status ?? 1
}

process.exitCode = demo()
