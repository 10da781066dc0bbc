import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../images/boot/answer-text.ts'
import { type AnswersFile, answersVersion } from '../../images/quality/answers.ts'
import { prettyJson } from '../../lib/json.ts'
import { StageError } from '../error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { digestSchema } from '../registry-client/oci-documents.ts'

const answersSchema = z.object({
  answersVersion: z.literal(answersVersion),
  image: digestSchema,
  model: z.string(),
  engine: z.object({ id: z.string(), version: z.string() }),
  processor: z.string().nullable(),
  gpus: z.array(z.string()),
  answers: z.array(z.object({ prompt: z.string(), answer: z.string(), tokens: z.number() })),
}) satisfies z.ZodType<AnswersFile>

/** Reads answers that were recorded. Throws `no-file` for what is no such file. */
export async function readAnswers(path: string): Promise<AnswersFile> {
  const read = await readRegularFile(path)
  const parsed = read.ok ? answersSchema.safeParse(parseJson(read.text)) : undefined
  if (parsed?.success) return parsed.data
  throw new StageError('no-file', {
    attempted: `compare with the answers of ${path}`,
    found: read.ok ? `it holds no recorded answers: ${parsed?.error.issues[0]?.message}` : read.found,
    hint: 'write it with `ingot bench RECIPE --record FILE`, and look at the answers before you keep them',
    cause: read.ok ? parsed?.error : read.cause,
  })
}

/** Writes answers for a later comparison. */
export async function writeAnswers(path: string, answers: AnswersFile): Promise<void> {
  await makeFolder(dirname(resolve(path)))
  // It holds JSON values only; the round trip says so to the compiler.
  await writeFile(path, prettyJson(JSON.parse(JSON.stringify(answers))))
}
