import { notServed, type PartTable } from '../parts.ts'

const unserved = notServed('it repeats what it is told', 'leave the part out')

export const parts: PartTable = {
  adapter: unserved,
  drafter: unserved,
  projector: unserved,
  model: unserved,
}
