import { open, writeFile } from 'node:fs/promises'
import { dirname, join, posix, relative } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../files/make-folder.ts'
import { runTool } from '../process/host-tool.ts'
import type { ProgramSettings } from '../settings/settings.ts'

/** What gitleaks found, without what it found: the secret stays where it is. */
export interface RuleFinding {
  rule: string
  path: string
  line: number
}

const reported = z.array(z.object({ RuleID: z.string(), File: z.string(), StartLine: z.number() }))

/**
 * The rules of gitleaks for tokens and keys of a known form, without the one that guesses by entropy: of 605 MB of Python
 * packages that one takes 49,246 lines for secrets, and none is.
 */
const rules = `title = "ingot"
[extend]
useDefault = true
disabledRules = ["generic-api-key"]
`

/**
 * Runs gitleaks over a folder, with our choice of its rules or what the person's GITLEAKS_CONFIG names. Files of the image
 * can neither replace the rules nor excuse a line.
 */
export async function searchRules(
  program: string,
  folder: string,
  { programs, signal }: { programs: ProgramSettings; signal?: AbortSignal },
): Promise<RuleFinding[]> {
  const config = `${folder}.toml`
  await writeFile(config, rules)
  const { environment, hasOwnRules } = programs
  const stdout = await runTool(
    program,
    [
      ...(hasOwnRules ? [] : ['--config', config]),
      ...['dir', folder, '--no-banner', '--no-color', '--log-level', 'error', '--exit-code', '0'],
      ...['--report-format', 'json', '--report-path', '-', '--redact=100'],
      ...['--ignore-gitleaks-allow', '--gitleaks-ignore-path', join(folder, 'no-such-file')],
    ],
    { environment, ...(signal && { signal }), attempted: 'search the image for secrets with gitleaks' },
  )
  return reported.parse(JSON.parse(stdout)).map(({ RuleID, File, StartLine }) => ({
    rule: RuleID,
    path: relative(folder, File),
    line: StartLine,
  }))
}

const headBytes = 8192

/**
 * Reads a file of the image to its end, gives each piece to `onPiece`, and keeps it below `folder` if it is text: a byte 0
 * in its first 8 KiB makes it binary, as git has it, and gitleaks reads no binaries.
 */
export async function keepText(
  content: AsyncIterable<Uint8Array>,
  path: string,
  folder: string | undefined,
  onPiece: (piece: Uint8Array) => void,
): Promise<void> {
  let file: Awaited<ReturnType<typeof open>> | undefined
  let isFirst = true
  try {
    for await (const piece of content) {
      onPiece(piece)
      if (isFirst && folder !== undefined && !piece.subarray(0, headBytes).includes(0))
        file = await openBelow(folder, path)
      isFirst = false
      await file?.write(piece)
    }
  } finally {
    await file?.close()
  }
}

/** Below the folder whatever the path says. */
async function openBelow(folder: string, path: string) {
  const place = join(folder, posix.resolve('/', path))
  await makeFolder(dirname(place))
  return open(place, 'w')
}
