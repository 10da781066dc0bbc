import { type ElfFile, segmentTypes } from './file.ts'
import { textAt } from './parse.ts'
import { type ByteReader, viewOf } from './reader.ts'

export interface Note {
  name: string
  type: number
  content: Uint8Array
}

/** All notes of the note segments, in file order. */
export async function readNotes(reader: ByteReader, elf: ElfFile): Promise<Note[]> {
  const segments = elf.segments.filter((segment) => segment.type === segmentTypes.note)
  const parts = await Promise.all(
    segments.map(async (segment) =>
      parseNotes(await reader.read(segment.offset, segment.fileBytes), segment.alignment),
    ),
  )
  return parts.flat()
}

/** Names and contents are padded to 4 bytes, in segments aligned to 8 to that (gABI, "Note Section"). */
function parseNotes(bytes: Uint8Array, alignment: number): Note[] {
  const view = viewOf(bytes)
  const padded = (length: number) => Math.ceil(length / (alignment === 8 ? 8 : 4)) * (alignment === 8 ? 8 : 4)
  const notes: Note[] = []
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameBytes = view.getUint32(at, true)
    const contentBytes = view.getUint32(at + 4, true)
    const content = padded(at + 12 + nameBytes)
    if (content + contentBytes > bytes.length) break
    notes.push({
      name: textAt(bytes.subarray(0, at + 12 + nameBytes), at + 12),
      type: view.getUint32(at + 8, true),
      content: bytes.subarray(content, content + contentBytes),
    })
    at = padded(content + contentBytes)
  }
  return notes
}

/** The build id as hex, which debuggers find symbols by. */
export function buildIdOf(notes: readonly Note[]): string | undefined {
  const note = notes.find(({ name, type }) => name === 'GNU' && type === 3)
  return note && Buffer.from(note.content).toString('hex')
}
