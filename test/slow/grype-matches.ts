import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { offline } from '../pipelines/vulnerabilities/database.ts'
import { toolPath } from '../tools/find.ts'

/** `ID PACKAGE` of what grype itself reports, and of what it passes over because of a VEX document. */
export interface GrypeMatches {
  reported: string[]
  ignored: string[]
}

interface Match {
  vulnerability: { id: string }
  artifact: { name: string }
}

/** Asks grype as a person would: `subject` is an image or a document, `more` further arguments such as `--vex FILE`. */
export async function grypeMatches(
  subject: string,
  databaseFolder: string,
  ...more: readonly string[]
): Promise<GrypeMatches> {
  const { stdout } = await promisify(execFile)(
    toolPath('grype'),
    [subject, '--quiet', '--output', 'json', ...more],
    { env: { ...offline(databaseFolder), GRYPE_REGISTRY_INSECURE_USE_HTTP: 'true' }, maxBuffer: 1 << 26 },
  )
  const { matches, ignoredMatches } = JSON.parse(stdout)
  return { reported: named(matches), ignored: named(ignoredMatches) }
}

function named(matches: readonly Match[] | undefined): string[] {
  return (matches ?? []).map(({ vulnerability, artifact }) => `${vulnerability.id} ${artifact.name}`).sort()
}
