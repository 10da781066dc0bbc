import { IngotError } from '../../lib/error.ts'

export type ElfErrorCode = 'not-elf' | 'unsupported-elf' | 'broken-elf'

export class ElfError extends IngotError<ElfErrorCode> {}

export function brokenElf(attempted: string, found: string): ElfError {
  return new ElfError('broken-elf', {
    attempted,
    found,
    hint: 'the file is cut short or damaged; fetch it again',
  })
}
