import semver from 'semver'
import type { EngineDefinition } from '../engine.ts'
import { command, environment, help, refusals } from './command.ts'
import { imports } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { closure, wheels } from './slimming.ts'

/** A server that answers with the words it was asked, for the steps of CONTRIBUTING.md. */
export const echo = {
  id: 'echo',
  title: 'Echo',
  use: 'the steps of CONTRIBUTING.md',
  nicknames: ['parrot'],
  port: 8090,
  formats: ['safetensors'],
  tasks: [['chat', 'completion']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: null,
  runtimes: [
    {
      kind: 'upstream',
      device: 'cpu',
      version: '1.2.0',
      source: {
        type: 'upstream',
        base: 'registry.example/echo:1.2.0',
        versionCommand: ['/usr/bin/node', '/opt/echo/server.ts', '--version'],
      },
      slimming: { rules: [], closure },
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
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
  suggestion: { version: '>=1.2', rank: 8, packsTo: null },
  enginePaths: ['/opt/echo/**'],
  traces: { paths: ['/opt/echo/**'], distributions: [], packages: ['echo-server'] },
} satisfies EngineDefinition
