import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { toolPath } from '../../tools/find.ts'

/** A vulnerability of one package, as a database of grype's schema 6 has it. */
export interface Advisory {
  id: string
  /** Further names, as an advisory of GitHub has that of the CVE. */
  aliases?: string[]
  severity: string
  ecosystem: 'deb' | 'python'
  package: string
  /** Versions that are affected, such as `< 3.0.16-1`. */
  constraint: string
  fixedIn?: string
}

export interface DatabaseContent {
  /** When it says that it was built. */
  built: Date
  advisories: readonly Advisory[]
}

const run = promisify(execFile)

/**
 * A database that grype takes for one of its own: grype makes the tables out of a file that has nothing but its version, the
 * advisories go in, and grype imports the result. Gives the folder to name in GRYPE_DB_CACHE_DIR, and the file.
 */
export async function grypeDatabase(
  folder: string,
  { built, advisories }: DatabaseContent,
): Promise<{ folder: string; file: string }> {
  const file = join(folder, 'seed.db')
  const seed = new DatabaseSync(file)
  const columns = ['model', 'revision', 'addition'].map((name) => `${name} integer not null`)
  seed.exec(`create table db_metadata (build_timestamp datetime not null, ${columns.join(', ')})`)
  seed.prepare('insert into db_metadata values (?, 6, 1, 10)').run(built.toISOString())
  seed.close()
  const first = join(folder, 'first')
  await importDatabase(file, first)
  const filled = join(first, '6/vulnerability.db')
  fill(filled, advisories)
  const whole = join(folder, 'database')
  await importDatabase(filled, whole)
  return { folder: whole, file: filled }
}

async function importDatabase(file: string, folder: string): Promise<void> {
  await mkdir(folder)
  await run(toolPath('grype'), ['db', 'import', file, '--quiet'], { env: offline(folder) })
}

/** Variables under which grype asks no network. */
export function offline(folder: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: process.env['TMPDIR'] ?? '/tmp',
    GRYPE_DB_CACHE_DIR: folder,
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
  }
}

function fill(path: string, advisories: readonly Advisory[]): void {
  const database = new DatabaseSync(path)
  const insert = (table: string, row: Record<string, string | number | null>) => {
    const marks = Object.keys(row).map(() => '?')
    const sql = `insert into ${table} (${Object.keys(row).join(', ')}) values (${marks.join(', ')})`
    return Number(database.prepare(sql).run(...Object.values(row)).lastInsertRowid)
  }
  const blob = (value: object) => insert('blobs', { value: JSON.stringify(value) })
  for (const id of ['debian', 'github']) insert('providers', { id, version: '1', processor: 'test' })
  const systems = [
    { major_version: '12', label_version: '', codename: 'bookworm' },
    // What has no number yet is sought by this name, as grype's own table of such names says.
    { major_version: '', label_version: 'unstable', codename: 'sid' },
  ].map((one) =>
    insert('operating_systems', {
      ...{ name: 'debian', release_id: 'debian', minor_version: '', channel: '', ...one },
    }),
  )
  insert('operating_system_specifier_overrides', {
    ...{ alias: 'debian', version: '', version_pattern: '', codename: 'forky', channel: '' },
    ...{ replacement_label_version: 'unstable', rolling: 1, applicable_client_db_schemas: '' },
  })
  for (const { id, aliases = [], severity, ecosystem, constraint, fixedIn, ...one } of advisories) {
    const fix = fixedIn === undefined ? { state: 'not-fixed' } : { version: fixedIn, state: 'fixed' }
    const type = ecosystem === 'deb' ? 'dpkg' : 'python'
    const vulnerability = insert('vulnerability_handles', {
      ...{ name: id, status: 'active', provider_id: ecosystem === 'deb' ? 'debian' : 'github' },
      blob_id: blob({
        id,
        aliases,
        refs: [{ url: `https://example.org/${id}` }],
        severities: [{ scheme: 'CHMLN', value: severity, rank: 1 }],
      }),
    })
    for (const alias of aliases) insert('vulnerability_aliases', { name: id, alias })
    const affected = {
      vulnerability_id: vulnerability,
      package_id: insert('packages', { ecosystem, name: one.package }),
      blob_id: blob({ cves: aliases, ranges: [{ version: { type, constraint }, fix }] }),
    }
    for (const system of ecosystem === 'deb' ? systems : [null])
      insert('affected_package_handles', { ...affected, operating_system_id: system })
  }
  database.close()
}
