import type { Recipe } from '../../../recipes/recipe.ts'
import type { NeededFiles } from '../../slim-rules/slimming.ts'
import type { WorkerMachines } from '../machine-rules.ts'

/** Packages of Debian with the worker and with what a server reaches it by. */
const packages = ['llama.cpp-tools-extra', 'libggml0-backend-rpc']

export function packagesFor({ serving }: Recipe): readonly string[] {
  return serving.nodes > 1 ? packages : []
}

const folders = { 'linux/amd64': 'x86_64-linux-gnu', 'linux/arm64': 'aarch64-linux-gnu' } as const

function programOf({ image }: Recipe): string {
  return `/usr/libexec/${folders[image.platform]}/llama/bin/ggml-rpc-server`
}

/** Starts a program that hears no SIGPIPE. */
const env = '/usr/bin/env'

/** The program that every worker is. */
export function workerRoots(recipe: Recipe): NeededFiles {
  return { roots: recipe.serving.nodes > 1 ? [env, programOf(recipe)] : [], data: [] }
}

/**
 * `ggml-rpc-server` on so many machines. All layers go to them, by the memory that each says is free; the server keeps the
 * embeddings of tokens. A worker serves one client at a time and keeps nothing: weights come with each start of the server.
 * Measured with 0.7.0.
 */
export const machines: WorkerMachines = {
  port: 50052,
  variable: 'LLAMA_ARG_RPC',
  // Without a handler of its own it dies with a server that hangs up while it answers (exit code 141, measured).
  command: (recipe) => [
    env,
    '--ignore-signal=PIPE',
    programOf(recipe),
    '--host',
    '0.0.0.0',
    '--port',
    '50052',
  ],
  // `load_tensors: RPC0[worker-1:50052] model buffer size =    33.82 MiB`: each worker counts its devices from 0.
  heldLines: 'RPC\\d+\\[(?<worker>[^\\]]+)\\] model buffer size = +(?<mib>[\\d.]+) MiB',
  failureLines: ['Cannot resolve host', 'Failed to connect to', 'Remote RPC server crashed'],
  refusals,
}

function refusals(...[recipe, runtime]: Parameters<WorkerMachines['refusals']>) {
  const { nodes } = recipe.serving
  return [...runtimeRefusals(nodes, runtime), ...modelRefusals(recipe)]
}

function runtimeRefusals(
  nodes: number,
  { kind, device }: Parameters<WorkerMachines['refusals']>[1],
): ReturnType<WorkerMachines['refusals']> {
  if (kind === 'upstream')
    return [
      {
        found: `${nodes} machines, and the project's image of llama-server has no ggml-rpc-server`,
        hint: 'set engine.device to cpu and leave engine.runtime out: Debian’s packages have it',
      },
    ]
  if (device === 'cpu') return []
  return [
    {
      found: `${nodes} machines with engine.device ${device}, which nobody has tried`,
      hint: 'set engine.device to cpu: workers compute on the CPU',
    },
  ]
}

function modelRefusals({ parts }: Recipe): ReturnType<WorkerMachines['refusals']> {
  if (!parts.some(({ role }) => role === 'model')) return []
  return [
    {
      found:
        'several models over several machines: a worker serves one server at a time, and each model has its own',
      hint: 'make one image a model, with workers of its own',
    },
  ]
}
