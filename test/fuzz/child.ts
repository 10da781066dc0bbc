// Runs cases in this process until it is killed: node child.ts FOLDER KIND FIRST COUNT. Writes `begin N`, then `good N OUTCOME`
// or `bad N TEXT` in one line, and `peak BYTES` at the end. A kind is one of the cases, or `reader NAME`.
import { rm } from 'node:fs/promises'
import { type Case, caseFolder, cases } from './cases.ts'
import { foreignReaders } from './readers/all.ts'
import { outcomeOf } from './readers/reader.ts'

const [root = '', kind = '', first = '', count = ''] = process.argv.slice(2)
const reader = foreignReaders.find(({ name }) => kind === `reader ${name}`)
// A reader needs no folder.
const run: Case | undefined = reader ? (seed) => outcomeOf(reader, seed) : cases[kind]
if (run === undefined) throw new Error(`no cases of ${kind}`)
let failure: unknown
process.on('unhandledRejection', (error) => {
  failure ??= error
})
process.chdir(root)
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  process.stdout.write(`begin ${seed}\n`)
  failure = undefined
  const folder = reader ? root : await caseFolder(root)
  const outcome = await run(seed, folder).catch((error: unknown) => {
    failure ??= error
  })
  // A rejection that nobody awaits is told after the turn in which it came.
  await new Promise((resolve) => setImmediate(resolve))
  if (!reader) await rm(folder, { recursive: true, force: true })
  const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)
  process.stdout.write(
    failure === undefined ? `good ${seed} ${outcome ?? 'ended'}\n` : `bad ${seed} ${JSON.stringify(text)}\n`,
  )
}
process.stdout.write(`peak ${process.resourceUsage().maxRSS * 1024}\n`)
