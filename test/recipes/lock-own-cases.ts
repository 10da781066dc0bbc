import { all, type Case, type Change, cuda, set } from './lock-cases.ts'

const vllm: Change = all(cuda, set('engine.id', 'vllm'), set('engine.runtime', 'packages'))

/** A new value each time, since a change is made within it. */
const quantize: Change = (raw) => set('weights.quantize', { to: 'Q4_K_M', imatrix: './a.txt' })(raw)
const ofQuantize = (key: string, value: unknown) => ({
  key: `weights.quantize.${key}`,
  before: quantize,
  change: set(`weights.quantize.${key}`, value),
  // What is made anew is seen by what the lock itself says of it; its source stays.
  renews: { weights: 'kept', runtime: false } as const,
})

/** Keys of the own layer and of the model's settings, changed in a way that needs another lock. */
export const ownRefused: Case[] = [
  ofQuantize('to', 'Q8_0'),
  ofQuantize('imatrix', './b.txt'),
  ofQuantize('requantize', true),
  {
    ...ofQuantize('to', 'Q4_0'),
    what: 'not quantised before',
    before: () => undefined,
    named: 'weights.quantize',
  },
  {
    key: 'image.compileCache',
    what: 'wanted now, so that there must be compilers',
    before: all(set('engine.id', 'vllm'), set('engine.runtime', 'packages')),
    change: set('image.compileCache', true),
    isUnseenWithoutRecord: true,
    renews: { weights: 'kept', runtime: true },
  },
  {
    key: 'serving.nodes',
    change: set('serving.nodes', 2),
    isUnseenWithoutRecord: true,
    renews: { weights: 'kept', runtime: true },
  },
  {
    key: 'image.packages.python',
    named: 'image.packages',
    change: set('image.packages', { python: ['fastapi>=0.115'] }),
    renews: { weights: 'kept', runtime: true, modelcar: false },
  },
  {
    key: 'image.packages.system',
    named: 'image.packages',
    change: set('image.packages', { system: ['jq'] }),
    renews: { weights: 'kept', runtime: true, modelcar: false },
  },
  {
    key: 'image.command',
    what: 'for whose init a package is installed',
    before: vllm,
    change: set('image.command', ['python', '-m', 'src.server']),
    isUnseenWithoutRecord: true,
    renews: { weights: 'kept', runtime: true },
  },
  {
    key: 'image.files[].from',
    named: 'image.files',
    change: set('image.files', [{ from: 'src', to: '/app/src' }]),
    renews: { weights: 'kept', runtime: false },
  },
  {
    key: 'image.files[].to',
    named: 'image.files',
    change: set('image.files', [{ from: 'a.py', to: '/app/a.py' }]),
    renews: { weights: 'kept', runtime: false },
  },
  {
    key: 'model.chatTemplate',
    change: set('model.chatTemplate', 'chat.jinja'),
    renews: { weights: 'kept', runtime: false },
  },
  {
    key: 'model.generationConfig',
    change: set('model.generationConfig', 'generation.json'),
    renews: { weights: 'kept', runtime: false },
  },
]
