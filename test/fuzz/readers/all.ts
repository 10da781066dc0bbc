import { answerReaders } from './answers.ts'
import { binaryReaders } from './binaries.ts'
import type { ForeignReader } from './reader.ts'
import { textReaders } from './texts.ts'

/** Everything of the product that reads bytes of others and needs nothing but them. */
export const foreignReaders: readonly ForeignReader[] = [...textReaders, ...binaryReaders, ...answerReaders]
