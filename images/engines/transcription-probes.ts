import type { HttpProbe, JsonCheck, ProbeRequest } from '../boot/probe.ts'
import { recording, recordingFile } from '../boot/recording.ts'

export const transcriptionPath = '/v1/audio/transcriptions'

/** Largest share of wrong words. Small models may miss one of eight and be sound; one that heard nothing misses all. */
const errorRate = 0.25

const heard: JsonCheck = { at: 'text', rule: 'words', said: recording.said, errorRate }

/** The recording as OpenAI's clients send it; temperature 0 makes the answer the same each time. */
export function transcriptionRequest(
  model: string,
  fields: Record<string, string> = {},
  times = 1,
): ProbeRequest {
  return {
    method: 'POST',
    path: transcriptionPath,
    form: { fields: { model, temperature: '0', ...fields }, file: recordingFile(times) },
  }
}

/** Ready means that the server made a text of sound; whether of the right words is asked afterwards. */
export function heardSpeechProbe(model: string, timeoutSeconds: number): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title: 'speech becomes a text',
    required: true,
    request: transcriptionRequest(model),
    expect: { type: 'json', status: 200, checks: [{ at: 'text', rule: 'text' }] },
    timeoutSeconds,
  }
}

/** The words that were said, alone and with their times. */
export function transcriptionProbes(model: string): HttpProbe[] {
  const percent = `${100 * (1 - errorRate)} %`
  const shared = { group: 'serve', required: true, timeoutSeconds: 120 } as const
  return [
    {
      ...shared,
      id: 'transcription',
      title: `${percent} of the words that were said come back`,
      request: transcriptionRequest(model),
      expect: { type: 'json', status: 200, checks: [heard] },
    },
    {
      ...shared,
      id: 'transcription-times',
      title: 'the same words come back in pieces with their times',
      request: transcriptionRequest(model, { response_format: 'verbose_json' }),
      expect: {
        type: 'json',
        status: 200,
        checks: [
          heard,
          { at: 'duration', rule: 'positive' },
          { at: 'segments.0.text', rule: 'text' },
          { at: 'segments.0.end', rule: 'positive' },
        ],
      },
    },
  ]
}
