import type { Command } from '../command-line/command.ts'
import { memorySummary, memoryUsage } from '../memory/options.ts'

/** What `ingot help` says of a command, and the way to it. */
export interface CommandEntry {
  usage: string
  summary: string
  load(): Promise<Command>
}

/** In the order of the help. Only the command that is asked for is loaded: all of them together are most of the program. */
export const commands: Record<string, CommandEntry> = {
  list: {
    usage: 'list [--changed [BASE]] [--json]',
    summary: 'engines, recipes in ./recipes, and images in the store',
    load: async () => (await import('./list.ts')).listCommand,
  },
  check: {
    usage: 'check RECIPE...',
    summary: 'validate recipes; every problem as file:line:column',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  lock: {
    usage: 'lock RECIPE [--all] [--check]',
    summary: 'pin base, packages and weights; after an edit what it touches; or say what drifted since',
    load: async () => (await import('./lock.ts')).lockCommand,
  },
  plan: {
    usage: 'plan RECIPE [--json]',
    summary: 'what an image will be: layers, removals, command line, checks',
    load: async () => (await import('./plan.ts')).planCommand,
  },
  build: {
    usage: 'build RECIPE... [--parallel N] [--from-registry IMAGE] [--no-verify] [--no-slim] [--json]',
    summary: 'plan, build, boot and verify; prints the digest last',
    load: async () => (await import('./build.ts')).buildCommand,
  },
  verify: {
    usage:
      'verify RECIPE|NAME|DIGEST [--runner dagger|docker|podman] [--gpus all] [--profile hostile|plain] [--report DIR] [--json]',
    summary: 'boot a built image again, here or on a GPU host, and judge it',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  gate: {
    usage: 'gate RECIPE|NAME|DIGEST [--runner dagger|docker|podman] [--gpus all] [--json]',
    summary:
      'compare the slimmed image with the stock build of the same lock: files, loading, answers, start-up',
    load: async () => (await import('./gate.ts')).gateCommand,
  },
  publish: {
    usage:
      'publish RECIPE|NAME|DIGEST... --to REF [--tag TAG]... [--sign KEY|keyless] [--unverified] [--json]',
    summary: 'send verified images by digest, then set tags; prints the digest last',
    load: async () => (await import('./publish.ts')).publishCommand,
  },
  'run-files': {
    usage:
      'run-files RECIPE|NAME|DIGEST --for docker|compose|kubernetes|quadlet [--image REPO] [--to FOLDER]',
    summary: 'how to start an image, hardened as it was booted and sized as it was measured',
    load: async () => (await import('./run-files.ts')).runFilesCommand,
  },
  bundle: {
    usage:
      'bundle RECIPE|NAME|DIGEST... --to FOLDER [--part-size SIZE] [--since EARLIER] [--sign KEY|keyless] [--json]',
    summary: 'images and all that is known of them to carry across an air gap, with a checker and a loader',
    load: async () => (await import('./bundle.ts')).bundleCommand,
  },
  memory: {
    usage: memoryUsage,
    summary: memorySummary,
    load: async () => (await import('./memory.ts')).memoryCommand,
  },
  size: {
    usage: 'size RECIPE|NAME|DIGEST|REF [--gpu-code] [--top N] [--platform OS/ARCH] [--json]',
    summary: 'where the bytes of any image are: by cause and layer, shadowed, present twice, largest files',
    load: async () => (await import('./size.ts')).sizeCommand,
  },
  sbom: {
    usage: 'sbom RECIPE|NAME|DIGEST [--format spdx|cyclonedx] [--modelcar]',
    summary: 'what a built image is made of, by syft, with its model',
    load: async () => (await import('./sbom.ts')).sbomCommand,
  },
  scan: {
    usage: 'scan RECIPE|NAME|DIGEST [--json]',
    summary: 'search a built image for secrets, setuid files, paths that all may write, and shells',
    load: async () => (await import('./scan.ts')).scanCommand,
  },
  prune: {
    usage: 'prune [RECIPE|NAME|DIGEST...] [--unused-for DAYS] [--dry-run] [--json]',
    summary: 'free the store of what no image needs and no build used lately; of these images too',
    load: async () => (await import('./prune.ts')).pruneCommand,
  },
  'gpu-code': {
    usage: 'gpu-code FILE... [--target sm_90]... [--in-place] [--json]',
    summary: 'what GPU code a library holds, by architecture, and what a target keeps of it',
    load: async () => (await import('./gpu-code.ts')).gpuCodeCommand,
  },
  doctor: {
    usage: 'doctor [--store] [--json]',
    summary: 'what is here, what is missing, and how to get it; or whether the store is sound',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  version: {
    usage: 'version',
    summary: 'the version of ingot',
    load: async () => (await import('./version.ts')).versionCommand,
  },
}
