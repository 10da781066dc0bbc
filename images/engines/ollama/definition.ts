import semver from 'semver'
import type { EngineDefinition, EngineRuntime } from '../engine.ts'
import { command, doubts, environment, help, refusals } from './command.ts'
import { imports } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { otherBackends, wheels } from './slimming.ts'
import { startWords } from './start-words.ts'
import { weights } from './weights.ts'

function image(device: EngineRuntime['device'], kept: 'cuda_v13' | 'cuda_v12' | 'none'): EngineRuntime {
  const minDriver = kept === 'cuda_v13' ? '580' : '550'
  const minCapability = kept === 'cuda_v13' ? 7.5 : 5.0
  return {
    kind: 'upstream',
    device,
    version: '0.32.15',
    source: {
      type: 'upstream',
      base: 'ollama/ollama:0.32.15',
      versionCommand: ['/bin/ollama', '--version'],
    },
    ...(device === 'cuda'
      ? { gpu: { cuda: kept === 'cuda_v13' ? '13.0' : '12.8', minCapability, minDriver } }
      : {}),
    slimming: { rules: [otherBackends(kept)] },
  }
}

/** Ollama, from its image. The weights' delivery writes its store, so neither `pull` nor `create` is needed. */
export const ollama = {
  id: 'ollama',
  title: 'Ollama',
  use: 'one machine, and clients that speak its own interface',
  nicknames: [],
  port: 11434,
  formats: ['gguf'],
  tasks: [['chat', 'completion', 'embedding', 'tools', 'structured', 'vision']],
  weights,
  parts,
  modelSettings,
  shell: 'it stays from the official image; the server starts none',
  runtimes: [image('cpu', 'none'), image('cuda', 'cuda_v13'), image('cuda', 'cuda_v12')],
  /** `ollama version is 0.17.4`, or `client version is …` where no server runs. */
  versionOf: (text) => semver.coerce(/version is (\S+)/.exec(text)?.[1] ?? text)?.version ?? null,
  refusals,
  doubts,
  command,
  help,
  environment,
  reserved,
  behaviour,
  apiKey: null,
  healthPath: '/api/version',
  startWords,
  machines: null,
  memory,
  quantizations: null,
  memoryFlags,
  sharedMemory: null,
  wheels,
  imports,
  suggestion: { version: '>=0.17', rank: 6, packsTo: null },
  enginePaths: ['/usr/bin/ollama', '/bin/ollama', '/usr/lib/ollama/**', '/lib/ollama/**'],
  traces: {
    paths: ['/{bin,usr/bin,usr/local/bin}/ollama', '/{lib,usr/lib,usr/local/lib}/ollama/**'],
    distributions: [],
    packages: ['ollama'],
  },
} satisfies EngineDefinition
