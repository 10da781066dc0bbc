import type { Behaviour, HttpProbe, ProbeRequest } from '../../boot/probe.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import {
  heardSpeechProbe,
  transcriptionPath as path,
  transcriptionProbes,
  transcriptionRequest,
} from '../transcription-probes.ts'
import { stop } from './stop.ts'

/** It has no list of models, and `model` in a question means nothing to it (measured, 1.9.5). */
export function behaviour({ recipe, engine }: Deployment): Behaviour {
  const { name } = recipe.model
  return {
    readiness: heardSpeechProbe(name, recipe.verify.startTimeoutSeconds),
    probes: [
      nativeProbe(
        {
          id: 'health',
          title: 'the health page says ok',
          request: { method: 'GET', path: engine.healthPath },
        },
        [{ at: 'status', rule: 'equals', value: 'ok' }],
      ),
      ...transcriptionProbes(name),
      subtitles(name),
      ...wrongOnes(name),
    ],
    failureLines: ['failed to initialize whisper context', "couldn't bind to server socket"],
    stop,
    ask: { path, bodyFor: 'transcription', textAt: null },
  }
}

function subtitles(model: string): HttpProbe {
  return {
    id: 'subtitles',
    group: 'native',
    title: 'the same recording becomes subtitles',
    required: true,
    request: transcriptionRequest(model, { response_format: 'vtt' }),
    expect: { type: 'text', status: 200, contains: ['WEBVTT', '00:00:00.000 -->', 'London'] },
    timeoutSeconds: 120,
  }
}

/** All measured with 1.9.5; the words of its refusals are plain text. */
function wrongOnes(model: string): HttpProbe[] {
  const form = (file?: 'text'): ProbeRequest => ({
    method: 'POST',
    path,
    form: {
      fields: { model },
      ...(file === undefined
        ? {}
        : { file: { type: 'text', name: 'speech.wav', text: 'This is no sound.' } }),
    },
  })
  return [
    refused('missing-field', 'a question without a file', 400, form()),
    refused('no-sound', 'a file that is no sound', 400, form('text')),
    refused('empty-body', 'an empty body', 400, { method: 'POST', path, raw: '' }),
    refused('malformed-json', 'JSON in place of a form', 400, { method: 'POST', path, raw: '{"model": ' }),
    refused('wrong-method', 'GET on the endpoint', 404, { method: 'GET', path }),
    refused('unknown-path', 'a path that is not there', 404, { method: 'GET', path: '/no/such/path' }),
  ]
}

function refused(id: string, what: string, status: number, request: ProbeRequest): HttpProbe {
  return {
    id,
    group: 'bad-input',
    title: `${what} gets ${status}`,
    required: true,
    request,
    expect: { type: 'text', status, contains: [status === 400 ? 'Invalid request' : 'File Not Found'] },
    timeoutSeconds: 120,
  }
}
