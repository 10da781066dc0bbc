import { expect, test } from 'vitest'
import type { RunFacts } from '../../../images/run-files/facts.ts'
import { anywhere } from '../../../images/run-files/placement.ts'
import { readArguments } from '../../../pipelines/command-line/arguments.ts'
import {
  placementOf,
  requireFit,
  requireKservePort,
} from '../../../pipelines/commands/run-files-placement.ts'
import { runFilesTable } from '../../../pipelines/commands/tables/run-files.ts'

function read(args: readonly string[], tools = ['kubernetes', 'docker']) {
  const named = tools.flatMap((tool) => ['--for', tool])
  return placementOf(readArguments(['recipe', ...named, ...args], runFilesTable).values)
}

test('no option is no wish', () => {
  expect(read([])).toEqual(anywhere)
})

test.each([
  [['--gpus', '0,2'], { devices: [0, 2] }],
  [['--gpus', '7'], { devices: [7] }],
  [['--selinux'], { hasSelinux: true }],
  [['--claim', 'models.llama-3'], { claim: 'models.llama-3' }],
  [['--storage-class', 'fast.ssd'], { storageClass: 'fast.ssd' }],
  [['--runtime-class', 'nvidia'], { runtimeClass: 'nvidia' }],
  [['--pull-secret', 'a', '--pull-secret', 'b'], { pullSecrets: ['a', 'b'] }],
  [
    ['--node-selector', 'nvidia.com/gpu.product=NVIDIA-H200'],
    { nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-H200' } },
  ],
  [['--node-selector', 'gpu='], { nodeSelector: { gpu: '' } }],
  [['--toleration', 'nvidia.com/gpu'], { tolerations: [{ key: 'nvidia.com/gpu' }] }],
  [['--toleration', 'a:NoSchedule'], { tolerations: [{ key: 'a', effect: 'NoSchedule' }] }],
  [['--toleration', 'a=b'], { tolerations: [{ key: 'a', value: 'b' }] }],
  [['--toleration', 'a=b:NoExecute'], { tolerations: [{ key: 'a', value: 'b', effect: 'NoExecute' }] }],
  [
    ['--secret-env', 'HF_TOKEN=hub/token'],
    { secretVariables: [{ variable: 'HF_TOKEN', secret: 'hub', key: 'token' }] },
  ],
])('%j', (args, wanted) => {
  expect(read(args)).toEqual({ ...anywhere, ...wanted })
})

test.each([
  ['gpus', '0,0'],
  ['gpus', '0,'],
  ['gpus', '-1'],
  ['gpus', 'all'],
  ['gpus', "0'; true; '"],
  ['claim', 'Models'],
  ['claim', 'a_b'],
  ['claim', '-a'],
  ['claim', 'a..b'],
  ['claim', 'a'.repeat(254)],
  ['claim', 'a\nb: c'],
  ['storage-class', 'Fast'],
  ['runtime-class', 'nvidia runtime'],
  ['pull-secret', 'a/b'],
  ['node-selector', 'gpu'],
  ['node-selector', '=a'],
  ['node-selector', 'a b=c'],
  ['node-selector', 'a=b=c'],
  ['node-selector', 'A/b/c=d'],
  ['node-selector', `a=${'b'.repeat(64)}`],
  ['toleration', 'a:Never'],
  ['toleration', 'a=b:NoSchedule:x'],
  ['toleration', '=b'],
  ['toleration', 'a=b\nc'],
])('--%s refuses %j and says it', (option, text) => {
  expect(() => read([`--${option}`.concat('=', text)])).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(() => read([`--${option}=${text}`])).toThrow(`--${option}`)
})

test.each(['HF_TOKEN=hf_abcdefgh', 'hf_abcdefgh', 'A B=c/d', 'A=C/d', 'A=c/', 'A=c/..', 'A=$(c)/d', '1=a/b'])(
  '--secret-env refuses %j without repeating it',
  (text) => {
    const refused = () => read(['--secret-env', text])
    expect(refused).toThrow('--secret-env is not VARIABLE=SECRET/KEY')
    expect(refused).not.toThrow(text)
  },
)

test.each([
  [['--node-selector', 'a=b', '--node-selector', 'a=c']],
  [['--secret-env', 'A=b/c', '--secret-env', 'A=d/e']],
])('%j names one thing twice', (args) => {
  expect(() => read(args)).toThrow('twice')
})

test.each([
  [['--gpus', '0'], ['kubernetes']],
  [['--selinux'], ['kubernetes']],
  [
    ['--claim', 'a'],
    ['docker', 'compose', 'quadlet'],
  ],
  [['--node-selector', 'a=b'], ['docker']],
  [['--toleration', 'a'], ['compose']],
  [['--runtime-class', 'a'], ['quadlet']],
  [['--pull-secret', 'a'], ['docker']],
])('%j is lost on %j', (args, tools) => {
  expect(() => read(args, tools)).toThrow('files are asked for')
  expect(() => read(args, [...tools, tools[0] === 'kubernetes' ? 'docker' : 'kubernetes'])).not.toThrow()
})

const facts = { gpus: 2, weights: { type: 'none' }, variables: ['PATH'] } as unknown as RunFacts // What is read of it.

test.each([
  [{ devices: [0] }, '--gpus names 1, and the image was planned for 2'],
  [{ claim: 'a' }, '--claim'],
  [{ storageClass: 'a' }, '--storage-class'],
  [{ secretVariables: [{ variable: 'PATH', secret: 'a', key: 'b' }] }, '--secret-env sets PATH'],
])('an image has no use for %j', (wish, found) => {
  expect(() => requireFit({ ...anywhere, ...wish }, facts)).toThrow(found)
})

test('a claim that is there has no class to be made of', () => {
  expect(() => read(['--claim', 'a', '--storage-class', 'b'])).toThrow('leave one out')
})

test('an LLMInferenceService is asked at one port', () => {
  expect(() => requireKservePort({ ...facts, port: 8080 })).toThrow('set serving.port to 8000')
  expect(() => requireKservePort({ ...facts, port: 8000 })).not.toThrow()
})

test('an image takes what fits it', () => {
  const mounted: RunFacts = { ...facts, weights: { type: 'folder', folder: '/models/a', sizeBytes: 1 } }
  const wishes = {
    devices: [1, 3],
    claim: 'a',
    secretVariables: [{ variable: 'KEY', secret: 'a', key: 'b' }],
  }
  expect(() => requireFit({ ...anywhere, ...wishes }, mounted)).not.toThrow()
})
