import { stat } from 'node:fs/promises'
import { type ImagePlan, planImage } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { messageOf } from '../../lib/error.ts'
import type { Lock } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { loadLock } from '../lock/lock-file.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import type { Settings } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { findImage, isRecipeFile } from './find-image.ts'
import { reportState } from './report-record.ts'
import { reportSchema } from './report-schema.ts'

/** What is known of a lock, a report, a recipe or an image; a member is absent where that says nothing of it. */
export interface KnownState {
  lock?: Lock
  plan?: ImagePlan
  report?: Report
}

/** Longer than any lock or report. */
const mostBytes = 256 * 1024 ** 2

/**
 * Reads what a person names: the file of a lock, or of a report as JSON; a recipe, by its lock and, once it was built, its
 * report; an image by name or digest. Throws `no-file` for a file that is none of these, and as `findImage`.
 */
export async function readState(
  text: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<KnownState> {
  if (/\.json$/.test(text)) return fileState(text)
  if (isRecipeFile(text)) return recipeState(text, store, settings)
  const { plan, report, origin } = await findImage(text, store, { settings, act: 'compare' })
  return { plan, report, ...(origin && { lock: origin.lock }) }
}

async function recipeState(
  file: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<KnownState> {
  const { recipe, lock } = await loadLocked(file, settings, `compare ${file}`)
  const plan = planImage(recipe, lock)
  const built = await reportState(store, plan)
  return { lock, plan, ...(built && { report: built.report }) }
}

async function fileState(file: string): Promise<KnownState> {
  const value = await jsonOf(file)
  const isLock = typeof value === 'object' && value !== null && 'lockVersion' in value
  const lock = isLock ? await loadLock(file) : undefined
  if (lock !== undefined) return { lock }
  const report = reportSchema.safeParse(value)
  if (report.success) return { report: report.data }
  throw noState(file, 'it is neither a lock nor a report of this version of ingot')
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file)
    if (size > mostBytes) throw new Error(`it has ${size} bytes, which no lock and no report has`)
    const read = await readRegularFile(file)
    if (!read.ok) throw read.cause ?? new Error(read.found)
    return JSON.parse(read.text)
  } catch (cause) {
    throw noState(file, messageOf(cause), cause)
  }
}

function noState(file: string, found: string, cause?: unknown): StageError {
  return new StageError('no-file', {
    attempted: `compare ${file}`,
    found,
    hint: 'name a lock, the report.json of `ingot verify --report`, a recipe, or an image of the store by name or digest',
    cause,
  })
}
