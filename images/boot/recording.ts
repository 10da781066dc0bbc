import type { FormFile } from './probe.ts'

/**
 * What was said in `pipelines/verify/speech.wav`: 2.8 s of `espeak-ng -v en-us -s 140` 1.51, one channel of 16 bits at 22050 Hz. The
 * smallest Whisper models, tiny.en and base, get every word of it (whisper.cpp 1.9.5).
 */
export const recording = {
  said: 'The train to London leaves in the morning.',
  sha256: 'be4002de6678f34e5662cfdf4a1397787e31baed5d627a824c4f5151a1b3fe95',
} as const

export function recordingFile(times = 1): FormFile {
  return { type: 'recording', sha256: recording.sha256, times }
}

const headerBytes = 44

/** A WAV file whose sound comes so often in a row. Takes files with the plain header of 44 bytes, as espeak-ng writes them. */
export function repeatedWav(wav: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  const sound = wav.subarray(headerBytes)
  const repeated = new Uint8Array(headerBytes + sound.length * times)
  repeated.set(wav.subarray(0, headerBytes))
  for (let index = 0; index < times; index++) repeated.set(sound, headerBytes + sound.length * index)
  const view = new DataView(repeated.buffer)
  view.setUint32(4, repeated.length - 8, true)
  view.setUint32(headerBytes - 4, sound.length * times, true)
  return repeated
}
