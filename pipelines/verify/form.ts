import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FormBody, FormFile } from '../../images/boot/probe.ts'
import { repeatedWav } from '../../images/boot/recording.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'

const recordingPath = join(import.meta.dirname, 'speech.wav')

/** A form with its file as multipart/form-data. Throws where the recording is not the one that the plan names. */
export async function formBody({
  fields,
  file,
}: FormBody): Promise<{ bytes: Uint8Array<ArrayBuffer>; contentType: string }> {
  const form = new FormData()
  if (file !== undefined)
    form.append('file', await fileOf(file), file.type === 'text' ? file.name : 'speech.wav')
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  // Response is the platform's own writer of such forms.
  const written = new Response(form)
  return {
    bytes: new Uint8Array(await written.arrayBuffer()),
    contentType: written.headers.get('content-type') ?? '',
  }
}

async function fileOf(file: FormFile): Promise<Blob> {
  if (file.type === 'text') return new Blob([file.text], { type: 'audio/wav' })
  const bytes = await readFile(recordingPath)
  const found = hexOf(digestOf(bytes))
  if (found !== file.sha256)
    throw new Error(`the plan asks with a recording of sha256 ${file.sha256}, and this ingot brings ${found}`)
  return new Blob([repeatedWav(bytes, file.times)], { type: 'audio/wav' })
}
