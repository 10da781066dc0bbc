import { notServed, type PartTable } from '../parts.ts'

const unserved = notServed('it serves one Whisper model alone', 'leave the part out')

export const parts: PartTable = {
  adapter: unserved,
  drafter: unserved,
  projector: unserved,
  model: unserved,
}
