import { spawnSync } from 'node:child_process'

const recipe = 'recipes/smollm2-135m-llama-cpp.yaml'

/** Builds the first image; where the archive moved on since the lock was written, takes its present versions and builds again. */
function demo(): number {
  const built = ingot('build', recipe)
  if (built !== 1 || ingot('lock', recipe, '--check') === 0) return built
  return ingot('lock', recipe, '--all') || ingot('build', recipe)
}

function ingot(...args: string[]): number {
  return spawnSync('bin/ingot', args, { stdio: 'inherit' }).status ?? 1
}

process.exitCode = demo()
