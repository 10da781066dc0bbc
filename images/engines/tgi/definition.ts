import semver from 'semver'
import { inPackages } from '../../slim-rules/rule.ts'
import type { EngineDefinition } from '../engine.ts'
import { pythonShell } from '../python-environment.ts'
import { command, doubts, environment, help, quantizations, refusals } from './command.ts'
import { imports, movedPython, rootPython } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { rules, wheels } from './slimming.ts'

/**
 * Text Generation Inference, archived at 3.3.7 with known CVEs: for what runs on it today. Only from its image. Read in
 * its source at db931fc.
 */
export const tgi = {
  id: 'tgi',
  title: 'TGI',
  use: 'what runs on it today: it is archived, with known CVEs',
  nicknames: [],
  // The image says 80 and the program 3000. 80 takes a runtime that lets any user bind it, as Docker does.
  port: 8080,
  formats: ['safetensors'],
  tasks: [['chat', 'completion', 'tools']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: pythonShell,
  runtimes: [
    {
      kind: 'upstream',
      device: 'cuda',
      version: '3.3.7',
      source: {
        type: 'upstream',
        base: 'ghcr.io/huggingface/text-generation-inference:3.3.7',
        versionCommand: ['/usr/local/bin/text-generation-launcher', '--version'],
        moves: [{ from: rootPython, to: movedPython }],
      },
      gpu: { cuda: '12.4', minCapability: 8.0, minDriver: '525' },
      slimming: { rules },
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
  apiKey: { variable: 'API_KEY', open: ['GET /health', 'GET /info', 'GET /metrics'] },
  healthPath: '/health',
  // Its documentation of metrics: how much of its cache is taken is not on the page.
  gauges: {
    form: 'prometheus',
    path: () => '/metrics',
    cacheShare: [],
    preemptions: [],
    running: ['tgi_batch_current_size'],
    waiting: ['tgi_queue_size'],
  },
  machines: null,
  memory,
  quantizations,
  memoryFlags,
  sharedMemory: { sizeBytes: 1024 ** 3, source: "TGI's guide for Docker" },
  wheels,
  imports,
  suggestion: { version: '3.3.7', rank: 4, packsTo: 'fp8' },
  enginePaths: ['/usr/local/bin/text-generation-*', '/usr/src/server/**', '/kernels/**'],
  traces: {
    paths: [
      ...inPackages('text_generation_*{,/**}'),
      '/usr/src/server/**',
      '/kernels/**',
      '/{bin,usr/bin,usr/local/bin}/text-generation-*',
    ],
    distributions: [],
    packages: [],
  },
} satisfies EngineDefinition
