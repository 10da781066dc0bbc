// Runs cases in this process until it is killed: node child.ts FOLDER KIND FIRST COUNT. Writes `begin N`, then `good N` or
// `bad N TEXT` in one line.
import { rm } from 'node:fs/promises'
import { caseFolder, cases } from './cases.ts'

const [root = '', kind = '', first = '', count = ''] = process.argv.slice(2)
const run = cases[kind]
if (run === undefined) throw new Error(`no cases of ${kind}`)
let failure: unknown
process.on('unhandledRejection', (error) => {
  failure ??= error
})
process.chdir(root)
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  process.stdout.write(`begin ${seed}\n`)
  failure = undefined
  const folder = await caseFolder(root)
  await run(seed, folder).catch((error: unknown) => {
    failure ??= error
  })
  // A rejection that nobody awaits is told after the turn in which it came.
  await new Promise((resolve) => setImmediate(resolve))
  await rm(folder, { recursive: true, force: true })
  const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)
  process.stdout.write(failure === undefined ? `good ${seed}\n` : `bad ${seed} ${JSON.stringify(text)}\n`)
}
