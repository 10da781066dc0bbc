import type { RunFacts } from '../../../images/run-files/facts.ts'

const digest = `sha256:${'0f'.repeat(32)}`

export const cpu: RunFacts = {
  name: 'smollm2-135m-llama-cpp',
  image: `registry.example/llm/smollm2@${digest}`,
  model: 'smollm2-135m-instruct',
  version: '0.7.0',
  port: 8080,
  question: "curl http://127.0.0.1:8080/v1/completions \\\n  -d '{}'\n\npython3 - <<'END'\nprint(1)\nEND\n",
  healthPath: '/health',
  healthVariables: {},
  own: {
    command: ['/usr/bin/llama-server', '--model', '/models/smollm2/model.gguf'],
    environment: { HOME: '/tmp', PATH: '/usr/bin' },
    modelFolder: '/models/smollm2',
  },
  variables: ['PATH'],
  gpus: 0,
  sharedMemoryBytes: 64 * 1024 ** 2,
  weights: { type: 'none' },
  memoryLimitBytes: 512 * 1024 ** 2,
  readySeconds: 5,
  startSeconds: 60,
  stopSeconds: 30,
  origins: ['Memory: from a boot.', 'Start: from a boot.'],
}

const { memoryLimitBytes: _, readySeconds: __, ...unmeasured } = cpu

export const cases: Record<string, RunFacts> = {
  cpu,
  'four GPUs, a low port, a folder of weights': {
    ...unmeasured,
    port: 80,
    gpus: 4,
    sharedMemoryBytes: 16 * 1024 ** 3,
    startSeconds: 1800,
    weights: { type: 'folder', folder: '/models/llama', sizeBytes: 141e9 },
  },
  'a volume in the layout of the Hub’s cache': {
    ...cpu,
    gpus: 1,
    weights: { type: 'volume', folder: '/models/hub', sizeBytes: 16e9 },
  },
  'a card of AMD by ROCm': { ...cpu, gpus: 1, rocm: true },
  'weights as an image': {
    ...cpu,
    weights: {
      type: 'image',
      folder: '/models/smollm2',
      reference: `registry.example/llm/smollm2-weights@${digest}`,
    },
  },
}
