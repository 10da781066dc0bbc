import { expect, test } from 'vitest'
import type { Behaviour } from '../../../images/boot/probe.ts'
import { recording, recordingFile } from '../../../images/boot/recording.ts'
import { askRequest } from '../../../images/engines/ask-request.ts'
import {
  heardSpeechProbe,
  transcriptionPath,
  transcriptionProbes,
  transcriptionRequest,
} from '../../../images/engines/transcription-probes.ts'
import { askServer } from '../../../pipelines/verify/exchange.ts'
import { formBody } from '../../../pipelines/verify/form.ts'
import { model, serve } from '../../servers/openai.ts'
import { transcription } from '../../servers/tasks.ts'
import { behaviour, complaints, plan, verifyTiny } from './plan.ts'

const hearing: Behaviour = {
  ...behaviour,
  readiness: heardSpeechProbe(model, 2),
  probes: transcriptionProbes(model),
  ask: { path: transcriptionPath, bodyFor: 'transcription', textAt: null },
}

async function complaintsOf(routes = transcription()): Promise<string[]> {
  const boot = await verifyTiny({ routes, plan: { verify: { ...plan.verify, behaviour: hearing } } })
  return complaints(boot.checks)
}

test('a server that hears what was said passes', async () => {
  expect(await complaintsOf()).toEqual([])
})

test('one word of eight may be wrong', async () => {
  expect(await complaintsOf(transcription(() => 'The train to London leaves in the mourning.'))).toEqual([])
})

const said = `"${recording.said}" was said`

test.each([
  [
    'hears other words',
    () => 'Thank you for watching this video.',
    [
      `transcription failed: text is "Thank you for watching this video.", and ${said}: 100 % of its words are wrong, at most 25 % may be`,
      `transcription-times failed: text is "Thank you for watching this video.", and ${said}: 100 % of its words are wrong, at most 25 % may be`,
    ],
  ],
  [
    'hears the words again and again',
    () => `${recording.said} ${recording.said}`,
    [
      expect.stringMatching(/^transcription failed: .*: 100 % of its words are wrong/),
      expect.stringMatching(/^transcription-times failed: .*: 100 % of its words are wrong/),
    ],
  ],
  [
    'gives a text without times',
    (_: Buffer, fields: { [key: string]: unknown }) =>
      fields['response_format'] === 'verbose_json' ? 7 : recording.said,
    ['transcription-times failed: text is 7 instead of a text; segments.0.text is 7 instead of a text'],
  ],
] as const)('a server that %s fails with these words', async (_, transcribe, words) => {
  expect(await complaintsOf(transcription(transcribe))).toEqual(words)
})

test('a server that hears nothing is not ready', async () => {
  const found = await complaintsOf(transcription(() => ''))
  expect(found[0]).toBe(
    'ready failed: it answers wrongly and did not get better in 0.2 s; last answer: text is "" instead of a text',
  )
})

test('it gets the whole recording, as often as the question says, and the fields beside it', async () => {
  const seen: object[] = []
  const server = await serve(
    transcription((wav, { file: _, ...fields }) => {
      seen.push({ bytes: wav.length, riff: wav.readUInt32LE(4), data: wav.readUInt32LE(40), ...fields })
      return recording.said
    }),
  )
  try {
    const once = askRequest(hearing.ask, { model, prompt: 'not said', maxTokens: 1 })
    for (const request of [once, transcriptionRequest(model, { language: 'en' }, 3)])
      expect(await askServer(server.url, request, { timeoutMs: 5000 })).toMatchObject({
        answer: { status: 200 },
      })
  } finally {
    await server.close()
  }
  const sound = 123_610
  expect(seen).toEqual([
    { bytes: 44 + sound, riff: 36 + sound, data: sound, model, temperature: '0' },
    { bytes: 44 + 3 * sound, riff: 36 + 3 * sound, data: 3 * sound, model, temperature: '0', language: 'en' },
  ])
})

test('a plan with another recording is not asked with this one', async () => {
  const file = { ...recordingFile(), sha256: '0'.repeat(64) }
  await expect(formBody({ fields: {}, file })).rejects.toThrow(
    /^the plan asks with a recording of sha256 0000/,
  )
})
