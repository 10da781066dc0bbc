import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What grype 0.121.2 said of the sample image; test/slow/vulnerabilities.test.ts holds it against grype. */
export const recordedFindings = join(
  import.meta.dirname,
  '../../images/vulnerabilities/golden/grype-findings.json',
)

/** The day on which the recorded database says that it was built. */
export const recordedDay = Date.parse('2026-11-30T00:00:00Z')

/** A program that answers as grype did, since grype itself takes minutes to build; its database is of the day given. */
export async function recordedGrype(folder: string, built: string): Promise<string> {
  const path = join(folder, 'grype')
  const script = `#!/bin/sh
for argument; do file=$argument; done
sed 's/"built": "[^"]*"/"built": "${built}"/' '${recordedFindings}' > "$file"
`
  await writeFile(path, script, { mode: 0o755 })
  return path
}
