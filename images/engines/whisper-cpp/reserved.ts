import { everyInterface, type ReservedSettings, use } from '../reserved.ts'

const convert = 'clients send what FFmpeg reads: no program is started for it, and none is in the image'

/** Spellings of whisper-server 1.9.5 (`--help`). It reads no variable of its own. */
export const reserved = {
  style: 'exact',
  flags: [
    { names: ['--model', '-m'], instead: use('weights.source') },
    { names: ['--host'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    {
      names: ['--inference-path', '--request-path'],
      instead: 'it answers where clients of OpenAI ask, and the probes with them; leave it out',
    },
    { names: ['--convert', '--tmp-dir'], instead: convert },
  ],
  variables: { GGML_BACKEND_PATH: 'back ends are found where the package has them; leave it out' },
  kvCacheDtypes: null,
} satisfies ReservedSettings
