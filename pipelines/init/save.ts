import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { makeFolder } from '../files/make-folder.ts'

/** Writes a file that is not there yet. Throws `file-exists`, with the way out that the caller knows. */
export async function saveNew(file: string, text: string, hint: string): Promise<void> {
  await makeFolder(dirname(file))
  await writeFile(file, text, { flag: 'wx' }).catch((cause: unknown) => {
    if (errnoOf(cause) !== 'EEXIST') throw cause
    throw new StageError('file-exists', {
      attempted: `write ${file}`,
      found: 'there is a file of this name, and init changes none',
      hint,
      cause,
    })
  })
}
