import { type Change, cuda, set } from './lock-cases.ts'

export interface Harmless {
  key: string
  before?: Change
  change: Change
}

const probe = {
  id: 'own',
  title: 'it answers',
  request: { method: 'POST', path: '/own', body: {} },
  expect: { type: 'json', status: 200, checks: [{ at: 'a', rule: 'exists' }] },
  timeoutSeconds: 5,
}
const probeKeys = [
  ...['id', 'title', 'request.method', 'request.path', 'request.body', 'timeoutSeconds'],
  ...['type', 'status', 'checks'].map((key) => `expect(json).${key}`),
  ...['type', 'status', 'contains'].map((key) => `expect(text).${key}`),
  ...['type', 'status', 'textAt', 'endMarker'].map((key) => `expect(event-stream).${key}`),
  ...['type', 'status', 'textAt', 'lastLine'].map((key) => `expect(json-lines).${key}`),
]

const load = { concurrency: [1, 2], prompts: './prompts.txt', limits: ['errors <= 0%'] }
const loadKeys = [
  ...['concurrency', 'rates', 'requests', 'timeoutSeconds', 'prompts', 'limits'],
  ...['shapes[].inputTokens', 'shapes[].outputTokens'],
  ...['ttft', 'itl', 'e2e'].map((key) => `objectives.${key}`),
]

const quality = { answers: './answers.json', questions: [{ ask: 'a', equals: 'b' }] }
const qualityKeys = [
  ...['answers', 'limits'],
  ...['text', 'contextTokens', 'chunks'].map((key) => `perplexity.${key}`),
  ...['text', 'contextTokens', 'chunks', 'from'].map((key) => `divergence.${key}`),
  ...['ask', 'equals', 'mentions', 'schema', 'maxTokens'].map((key) => `questions[].${key}`),
]

/** Every key, or change of a key, that leaves a lock as it is. */
export const harmless: Harmless[] = [
  { key: 'apiVersion', change: set('apiVersion', 'ingot/v1') },
  { key: 'model.name', change: set('model.name', 'other') },
  { key: 'model.task', change: set('model.task', 'completion') },
  { key: 'model.license', change: set('model.license', 'apache-2.0') },
  { key: 'model.acceptLicense', change: set('model.acceptLicense', 'llama3.1') },
  { key: 'model.toolCallParser', change: set('model.toolCallParser', 'hermes') },
  { key: 'model.reasoningParser', change: set('model.reasoningParser', 'auto') },
  { key: 'engine.version', change: set('engine.version', '>=0.7.0') },
  { key: 'engine.runtime', change: set('engine.runtime', undefined) },
  { key: 'engine.device', change: set('engine.device', undefined) },
  { key: 'image.base', change: set('image.base', undefined) },
  { key: 'image.platform', change: set('image.platform', undefined) },
  { key: 'target.gpu', before: cuda, change: set('target.gpu', 'a100-80gb') },
  { key: 'target.driver', before: cuda, change: set('target.driver', '580') },
  {
    key: 'weights.delivery',
    before: set('weights.modelcar', false),
    change: set('weights.delivery', 'baked'),
  },
  {
    key: 'weights.delivery',
    before: set('weights.modelcar', false),
    change: set('weights.delivery', 'mounted'),
  },
  {
    key: 'weights.modelcar',
    before: set('weights.modelcar', undefined),
    change: set('weights.modelcar', false),
  },
  { key: 'image.registry', change: set('image.registry', '20000MB') },
  { key: 'serving.contextLength', change: set('serving.contextLength', 512) },
  { key: 'serving.parallelism', change: set('serving.parallelism', 3) },
  { key: 'serving.apiKey', change: set('serving.apiKey', true) },
  { key: 'serving.dtype', change: set('serving.dtype', 'float16') },
  { key: 'serving.quantization', change: set('serving.quantization', 'Q4_K_M') },
  { key: 'serving.kvCacheDtype', change: set('serving.kvCacheDtype', 'q8_0') },
  { key: 'serving.tensorParallel', change: set('serving.tensorParallel', 2) },
  { key: 'serving.gpuMemoryUtilization', change: set('serving.gpuMemoryUtilization', 0.5) },
  { key: 'serving.maxInputTokens', change: set('serving.maxInputTokens', 100) },
  { key: 'serving.maxPrefillTokens', change: set('serving.maxPrefillTokens', 100) },
  { key: 'serving.port', change: set('serving.port', 9000) },
  { key: 'serving.sharedMemory', change: set('serving.sharedMemory', '1GiB') },
  { key: 'serving.extraArguments', change: set('serving.extraArguments', ['--verbose']) },
  { key: 'serving.environment', change: set('serving.environment', { A: 'b' }) },
  { key: 'serving.ollamaTemplate.text', change: set('serving.ollamaTemplate', { text: '{{ .Prompt }}' }) },
  { key: 'serving.ollamaTemplate.stop', change: set('serving.ollamaTemplate', { text: 'a', stop: ['b'] }) },
  { key: 'image.budgets.total', change: set('image.budgets.total', '1GB') },
  { key: 'image.budgets.runtime', change: set('image.budgets.runtime', '1GB') },
  { key: 'image.budgets.layer', change: set('image.budgets.layer', '1GB') },
  { key: 'image.labels', change: set('image.labels', { a: 'b' }) },
  { key: 'weights.modelPack', change: set('weights.modelPack', 'raw') },
  { key: 'image.compression', change: set('image.compression', 'gzip') },
  { key: 'image.slim', change: set('image.slim', false) },
  { key: 'image.policy.allowWorldWritable', change: set('image.policy.allowWorldWritable', ['/a']) },
  { key: 'image.policy.allowSecrets', change: set('image.policy.allowSecrets', ['/a']) },
  { key: 'image.policy.allowShells', change: set('image.policy.allowShells', true) },
  { key: 'image.trust', change: set('image.trust', 'keep') },
  { key: 'image.packageList', change: set('image.packageList', 'told') },
  { key: 'target.count', change: set('target.count', 2) },
  // The packages of every driver are locked; which of them stay is slimming.
  { key: 'target.drivers', change: set('target.drivers', ['amd']) },
  { key: 'target.fit', change: set('target.fit', 'warn') },
  // Its effect is on the list of files, which is compared when the recipe is read.
  { key: 'image.files[].exclude', change: set('image.files', []) },
  ...probeKeys.map((key) => ({ key: `verify.probes[].${key}`, change: set('verify.probes', [probe]) })),
  ...loadKeys.map((key) => ({ key: `verify.load.${key}`, change: set('verify.load', load) })),
  ...qualityKeys.map((key) => ({ key: `verify.quality.${key}`, change: set('verify.quality', quality) })),
  { key: 'verify.profiles', change: set('verify.profiles', ['plain']) },
  { key: 'verify.startTimeoutSeconds', change: set('verify.startTimeoutSeconds', 9) },
  { key: 'verify.prompts', change: set('verify.prompts', ['Hello']) },
  { key: 'vulnerabilities.limit', change: set('vulnerabilities', { limit: 'high' }) },
  { key: 'vulnerabilities.databaseDays', change: set('vulnerabilities', { databaseDays: 9 }) },
  ...['id', 'package', 'until', 'reason'].map((key) => ({
    key: `vulnerabilities.exceptions[].${key}`,
    change: set('vulnerabilities.exceptions', [
      { id: 'CVE-2026-1', package: 'perl-base', until: '2027-01-31', reason: 'no fix yet' },
    ]),
  })),
  ...['id', 'package', 'files', 'modules', 'source'].map((key) => ({
    key: `vulnerabilities.code[].${key}`,
    change: set('vulnerabilities.code', [
      { id: 'CVE-2026-1', package: 'perl-base', files: ['/a'], modules: ['a.b'], source: 'the advisory' },
    ]),
  })),
]
