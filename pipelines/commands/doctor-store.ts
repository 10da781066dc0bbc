import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { counted } from '../../images/attribution/text.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { listReports, reportDamages } from '../catalogue/report-record.ts'
import type { CommandContext } from '../command-line/command.ts'
import { type StoreCheck, type StoreProblem, verifyStore } from '../store/check.ts'
import { damageText } from '../store/damage.ts'
import { StoreError } from '../store/error.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { listReferences } from '../store/reference.ts'
import type { Store } from '../store/store.ts'

/** One thing that is wrong in the store, in words. */
interface StoreFinding {
  found: string
  todo: string
}

/** Reads the whole store: every blob, name and record. 1 when something is wrong. */
export async function doctorStore(isJson: boolean, context: CommandContext): Promise<number> {
  const { settings, progress, signal, stdout } = context
  await requireStore(settings.storeFolder)
  const store = await openStore(settings.storeFolder)
  try {
    const problems: StoreProblem[] = []
    progress.step(`hash everything in ${store.root}`)
    const onBytes = (done: number, total: number) => progress.bytes('hash', done, total)
    const check = await verifyStore(store, (problem) => problems.push(problem), { onBytes, signal })
    progress.end()
    const findings = [...problems.map(findingOf), ...(await reportFindings(store, problems))]
    const { blobs, sizeBytes } = check
    const json = { store: store.root, blobs, sizeBytes, findings }
    stdout(isJson ? `${JSON.stringify(json, null, 2)}\n` : storeText(store, check, findings))
    return findings.length === 0 ? 0 : 1
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** A store that is not there is no sound one: opening it would make it. Throws `not-a-store`. */
async function requireStore(folder: string): Promise<void> {
  const isThere = await stat(join(folder, 'oci-layout')).then(
    () => true,
    () => false,
  )
  if (isThere) return
  throw new StoreError('not-a-store', {
    attempted: `check the store ${folder}`,
    found: 'there is none, so nothing was checked',
    hint: 'check INGOT_STORE; `ingot build` makes the store where it is missing',
  })
}

function findingOf(problem: StoreProblem): StoreFinding {
  switch (problem.type) {
    case 'corrupt': {
      const { digest, path, found, neededBy } = problem
      const todo =
        neededBy.length === 0
          ? `no image needs it: remove ${path}`
          : `run \`ingot build\` on the recipe of ${neededBy.join(', ')}, which makes it again; of an image from elsewhere remove ${path} and send it again`
      return { found: `${digest} is damaged: ${found}`, todo: `${todo}. Check the disk` }
    }
    case 'size':
      return {
        found: `${problem.digest} of ${problem.neededBy} has ${problem.foundBytes} bytes, and its manifest says ${problem.expectedBytes}`,
        todo: `the manifest of ${problem.neededBy} is wrong: remove the image with \`ingot prune\` and build or send it again`,
      }
    case 'missing':
      return {
        found: `${problem.digest} of ${problem.neededBy} is missing`,
        todo: `run \`ingot build\` on the recipe of ${problem.neededBy}, which makes it again, or remove the image with \`ingot prune\``,
      }
    case 'stray':
      return { found: `${problem.path} is no blob`, todo: 'move it away; no ingot wrote it' }
    case 'index':
      return {
        found: `${problem.path} cannot be read: ${problem.found}`,
        todo: 'move it away, then run `ingot build` on every recipe: each image gets its name again and is not built anew. Do not prune before',
      }
    case 'layout':
      return {
        found: `${problem.path} is damaged: ${problem.found}`,
        todo: 'remove it; the next command writes it',
      }
    case 'record':
      return {
        found: `${problem.path} cannot be read: ${problem.found}`,
        todo: 'remove it; ingot makes it again',
      }
  }
}

/** What was judged has to be here and to have a name; where the index is damaged nothing has one. */
async function reportFindings(store: Store, problems: readonly StoreProblem[]): Promise<StoreFinding[]> {
  const isIndexRead = problems.every(({ type }) => type !== 'index')
  const names = isIndexRead ? (await listReferences(store)).map(({ name }) => name) : undefined
  const findings: StoreFinding[] = []
  for (const report of await listReports(store)) {
    const { name, image, verdict } = report
    const damages = await reportDamages(store, report, { by: 'stamp' })
    if (damages.length > 0)
      findings.push({
        found: `${name} ${image} was judged "${verdict}" and is not whole: ${damages.map(damageText).join('; ')}`,
        todo: 'run `ingot build` on its recipe, or `ingot prune`, which removes the report when the image is gone',
      })
    else if (verdict === 'verified' && names && !names.includes(`${name}:latest`))
      findings.push({
        found: `${name} ${image} was judged "verified" and has no name, so \`ingot prune\` would free it`,
        todo: 'run `ingot build` on its recipe, which gives it its name again and does not build it anew',
      })
  }
  return findings
}

function storeText(
  { root }: Store,
  { blobs, sizeBytes }: StoreCheck,
  findings: readonly StoreFinding[],
): string {
  const all = `${counted(blobs, 'blob')}, ${formatBytes(sizeBytes)}, in ${root}`
  if (findings.length === 0) return `ok       ${all}: every byte, name and record is as it was written\n`
  const lines = findings.map(({ found, todo }) => `WRONG    ${found}\n         to do: ${todo}\n`)
  return [...lines, `${all}: ${counted(findings.length, 'problem')}\n`].join('')
}
