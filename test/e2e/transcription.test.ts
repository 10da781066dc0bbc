import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wordErrorRate } from '../../images/boot/words.ts'
import type { Report } from '../../images/report/report.ts'
import { writeWhisper } from '../models/models.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolPath } from '../tools/find.ts'
import { withBooted } from './booted.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'
import { expectVerified } from './verified.ts'

const run = promisify(execFile)

let place: Workplace
let report: Report

/** It names no task: the header of the file tells it. */
const text = `name: whisper
model: { name: whisper-tiny.en, license: MIT }
engine: { id: whisper-cpp, version: ">=1.9" }
weights: { source: { type: folder, path: models } }
`

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'models'))
  await writeWhisper(join(place.folder, 'models/ggml-tiny.en.bin'))
  const built = await ingot(['build', await writeRecipe(place, 'whisper', text), '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  expect(built.stderr).toContain('client.audio.transcriptions.create')
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('a server of speech is verified under the hostile profile, as two users', () => {
  expectVerified(report)
})

test('it was asked for the words of a recording, stopped at work and while it loads, and no chat', () => {
  const ids = report.boots.flatMap((boot) => boot.checks.map(({ id }) => id))
  const asked = ['ready', 'health', 'transcription', 'transcription-times', 'subtitles', 'no-sound']
  expect(ids).toEqual(expect.arrayContaining([...asked, 'stop-plain', 'stop-loading', 'graceful-stop']))
  expect(ids).not.toContain('chat')
  expect(ids).not.toContain('speed')
})

test('its memory was planned on the host, and the boot stayed near it', () => {
  const parts = report.memory?.parts.map(({ cause }) => cause)
  expect(parts).toEqual(['weights', 'KV cache', 'compute buffer'])
})

const sentences = [
  'Please open the window and close the door.',
  'She bought two apples and a loaf of bread.',
  'My brother has a small white dog.',
]

test('what espeak-ng says comes back to the client of OpenAI, but for a quarter of the words', async () => {
  const files = await Promise.all(
    sentences.map(async (sentence, index) => {
      const file = join(place.folder, `${index}.wav`)
      await run(toolPath('espeak-ng'), ['-v', 'en-us', '-s', '140', '-w', file, sentence])
      return file
    }),
  )
  const script = join(import.meta.dirname, 'transcription-clients.py')
  const heard = await withBooted(place, report, (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'whisper-tiny.en', ...files]),
  )
  // transcription-clients.py prints this shape.
  const { texts, durations } = heard as { texts: string[]; durations: number[] }
  expect(wordErrorRate(sentences.join(' '), texts.join(' '))).toBeLessThanOrEqual(0.25)
  expect(durations.every((seconds) => seconds > 1 && seconds < 5)).toBe(true)
})
