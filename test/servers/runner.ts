import { writeFile } from 'node:fs/promises'
import type { ContainerFacts } from '../../images/boot/container-facts.ts'
import type { Listener } from '../../images/boot/listeners.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import type { BootedServer, LoadingOutcome, Runner } from '../../pipelines/boot/runner.ts'
import type { TinyServer } from './openai.ts'

export const machine: RunnerFacts = {
  runner: 'docker',
  version: '28.0.0',
  kernel: '6.1.0',
  cpus: 2,
  memoryBytes: 8 * 1024 ** 3,
  gpus: [],
  driver: null,
  cuda: null,
}

export interface TinyRunner {
  machine?: Partial<RunnerFacts>
  gpus?: number
  facts?: Partial<ContainerFacts>
  gpuMemoryBytes?: number
  computeCache?: string
  /** What it compiled; nothing where it is not given. */
  compiledFiles?: string[] | null
  compiledTar?: Uint8Array
  /** Where it listens; the published port on all addresses where nothing is said. */
  listeners?: Listener[]
  /** What the kernel says of the processors; nothing where it is not given. */
  processors?: () => string
  /** What comes of a stop while it loads; it ends with 0 where nothing is said. */
  loading?: LoadingOutcome
  /** Stays when it is told to stop. */
  ignoresSignals?: boolean
}

/** Runs a server of this process as if it had been booted from an image, and closes it afterwards. */
export function runnerOf(
  start: (key: string | undefined) => Promise<TinyServer>,
  options: TinyRunner = {},
): Runner {
  return {
    name: 'docker',
    gpus: options.gpus ?? 0,
    machine: async () => ({ ...machine, ...options.machine }),
    stopWhileLoading: async () => options.loading ?? { stopped: { exitCode: 0, waitedMs: 1 }, log: '' },
    async boot({ port, profile: { identity, readOnlyRoot }, secret }, use) {
      const server = await start(secret?.value)
      const listeners = options.listeners ?? [{ address: '0.0.0.0', port }]
      const facts = { ...goodFacts, ...identity, rootReadOnly: readOnlyRoot, ...options.facts }
      try {
        return await use(bootedServer(server, facts, { ...options, listeners }))
      } finally {
        await server.close()
      }
    },
  }
}

function bootedServer(server: TinyServer, facts: ContainerFacts, options: TinyRunner): BootedServer {
  return {
    url: server.url,
    exitCode: async () => server.exitCode,
    facts: async () => facts,
    processors: async () => options.processors?.() ?? '',
    listeners: async () => options.listeners ?? [],
    log: async () => server.log,
    gpuMemoryBytes: async () => options.gpuMemoryBytes ?? null,
    computeCache: async () => options.computeCache ?? '',
    compiledFiles: async () => (options.compiledFiles === undefined ? [] : options.compiledFiles),
    saveCompiled: (_, file) => writeFile(file, options.compiledTar ?? ''),
    async stop() {
      if (options.ignoresSignals) return { exitCode: null, waitedMs: 0 }
      server.exitCode ??= 0
      return { exitCode: server.exitCode, waitedMs: 1 }
    },
    // It loads before it is there.
    stopOnceSaid: async () => null,
  }
}

const none = '0000000000000000'

const goodFacts: ContainerFacts = {
  uid: 0,
  gid: 0,
  capabilities: [none, none, none, none, none],
  noNewPrivileges: true,
  rootReadOnly: true,
  outwardPackets: 0,
  outwardRefused: 0,
  interfaces: ['lo', 'sink'],
  sent: [],
  cgroupPeakBytes: 300e6,
  residentPeakBytes: 320e6,
  processes: 1,
}
