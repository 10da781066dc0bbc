import { everyInterface, type ReservedSettings, use } from '../reserved.ts'

export const reserved = {
  style: 'exact',
  flags: [
    { names: ['--model'], instead: use('weights.source') },
    { names: ['--name'], instead: use('model.name') },
    { names: ['--host'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    { names: ['--context-length'], instead: use('serving.contextLength') },
  ],
  variables: { ECHO_CACHE: 'it lies where every profile can write; leave it out' },
  kvCacheDtypes: null,
} satisfies ReservedSettings
