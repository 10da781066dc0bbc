import { mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseFindings, type VulnerabilityScan } from '../../images/vulnerabilities/finding.ts'
import { errnoOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { requireHostTool, runTool } from '../process/host-tool.ts'
import type { ProgramSettings, Settings } from '../settings/settings.ts'

export interface GrypeRequest {
  /** An OCI layout of the image. */
  layout: string
  name: string
  /** Folder for what grype writes; the caller removes it. */
  scratch: string
  /** A folder of databases as grype keeps it, or a file to import; undefined for grype's own. */
  database: string | undefined
  settings: Pick<Settings, 'programs'>
  signal?: AbortSignal
}

type Environment = ProgramSettings['environment']

/** What grype finds in an image, by the database that is there. Throws `no-tool`, `tool-failed`, `usage` and `bad-findings`. */
export async function runGrype(request: GrypeRequest): Promise<VulnerabilityScan> {
  const { layout, name, scratch, settings, signal } = request
  const grype = await requireHostTool('grype', settings.programs)
  const environment = await databaseFor(grype, request)
  const output = join(scratch, 'findings.json')
  await runTool(grype, [`oci-dir:${layout}`, '--quiet', '--output', 'json', '--file', output], {
    environment,
    attempted: `look up the packages of ${name} with grype`,
    ...(signal && { signal }),
  })
  return parseFindings(await readFile(output, 'utf8'))
}

/**
 * grype's environment with the database that is meant. It is asked for no newer one unless the person's own variables say so,
 * and its age is judged here, since grype's own answer is the same for one that is too old and for one that is broken.
 */
async function databaseFor(grype: string, request: GrypeRequest): Promise<Environment> {
  const { database, scratch, settings, signal } = request
  const { environment } = settings.programs
  const own = {
    GRYPE_DB_AUTO_UPDATE: 'false',
    ...environment,
    GRYPE_DB_VALIDATE_AGE: 'false',
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
    TMPDIR: scratch,
  }
  if (database === undefined) return own
  const place = resolve(database)
  if (await isFolder(place)) return { ...own, GRYPE_DB_CACHE_DIR: place }
  const imported = { ...own, GRYPE_DB_CACHE_DIR: join(scratch, 'database') }
  await mkdir(imported.GRYPE_DB_CACHE_DIR)
  await runTool(grype, ['db', 'import', place, '--quiet'], {
    environment: imported,
    attempted: `import the database ${database} into grype`,
    ...(signal && { signal }),
  })
  return imported
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  })
  if (found !== undefined) return found.isDirectory()
  throw new StageError('usage', {
    attempted: `take the database ${path}`,
    found: 'there is no such file or folder',
    hint: 'name a folder that `grype db update` filled, or a file that `grype db import` takes',
  })
}
