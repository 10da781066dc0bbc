import type { Command } from '../command-line/command.ts'
import type { CommandName } from './tables/all.ts'

/** The way to each command. Only the one that is asked for is loaded: all of them together are most of the program. */
export const commands: Record<CommandName, () => Promise<Command>> = {
  init: async () => (await import('./init.ts')).initCommand,
  list: async () => (await import('./list.ts')).listCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  lock: async () => (await import('./lock.ts')).lockCommand,
  outdated: async () => (await import('./outdated.ts')).outdatedCommand,
  update: async () => (await import('./update.ts')).updateCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  build: async () => (await import('./build.ts')).buildCommand,
  run: async () => (await import('./run.ts')).runCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  gate: async () => (await import('./gate.ts')).gateCommand,
  bench: async () => (await import('./bench.ts')).benchCommand,
  publish: async () => (await import('./publish.ts')).publishCommand,
  'run-files': async () => (await import('./run-files.ts')).runFilesCommand,
  bundle: async () => (await import('./bundle.ts')).bundleCommand,
  fetch: async () => (await import('./fetch.ts')).fetchCommand,
  memory: async () => (await import('./memory.ts')).memoryCommand,
  size: async () => (await import('./size.ts')).sizeCommand,
  sbom: async () => (await import('./sbom.ts')).sbomCommand,
  vulnerabilities: async () => (await import('./vulnerabilities.ts')).vulnerabilitiesCommand,
  scan: async () => (await import('./scan.ts')).scanCommand,
  prune: async () => (await import('./prune.ts')).pruneCommand,
  'gpu-code': async () => (await import('./gpu-code.ts')).gpuCodeCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  completion: async () => (await import('./completion.ts')).completionCommand,
  version: async () => (await import('./version.ts')).versionCommand,
}
