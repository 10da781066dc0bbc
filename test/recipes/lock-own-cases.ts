import { all, type Case, type Change, cuda, set } from './lock-cases.ts'

const vllm: Change = all(cuda, set('engine.id', 'vllm'), set('engine.runtime', 'packages'))

/** Keys of the own layer and of the model's settings, changed in a way that needs another lock. */
export const ownRefused: Case[] = [
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
