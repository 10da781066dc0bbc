import semver from 'semver'
import type { EngineDefinition } from '../engine.ts'
import { command, doubts, environment, help, refusals } from './command.ts'
import { imports } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { closure, wheels } from './slimming.ts'
import { init } from './stop.ts'

/** whisper.cpp's own server, from Debian's package. */
export const whisperCpp = {
  id: 'whisper-cpp',
  title: 'whisper.cpp',
  use: 'speech on a CPU',
  nicknames: ['whisper.cpp'],
  port: 8080,
  formats: ['ggml'],
  tasks: [['transcription']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: null,
  runtimes: [
    {
      kind: 'packages',
      device: 'cpu',
      source: {
        type: 'debian',
        base: 'debian:forky-slim',
        packages: ['whisper.cpp-tools', ...init.packages],
        versionOf: 'whisper.cpp-tools',
      },
      slimming: { rules: [], closure },
      init,
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  doubts,
  command,
  help,
  environment,
  reserved,
  behaviour,
  apiKey: null,
  healthPath: '/health',
  machines: null,
  memory,
  quantizations: null,
  memoryFlags,
  sharedMemory: null,
  wheels,
  imports,
  suggestion: { version: '>=1.9', rank: 7, packsTo: null },
  enginePaths: ['/usr/bin/whisper-*', '/usr/lib/**/*whisper*', '/usr/lib/**/*ggml*', '/usr/lib/**/*ggml*/**'],
  traces: {
    paths: ['/{bin,usr/bin,usr/local/bin}/whisper-*', '/usr/{lib,local/lib}/**/*whisper*'],
    distributions: ['pywhispercpp'],
    packages: ['whisper.cpp*', 'libwhisper*'],
  },
} satisfies EngineDefinition
