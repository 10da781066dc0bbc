import { writeFile } from 'node:fs/promises'
import type { Rewriting } from '../../images/slim-rules/slimming.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { IngotError } from '../../lib/error.ts'
import { rewriteFiles } from './rewrite.ts'

/**
 * Runs in a packing container, which has Node and no npm packages: what this imports needs none.
 * Arguments: the tree, the rewriting as JSON, and where to write the list of rewritten files.
 */
const [folder = '', rewriting = '{}', output = ''] = process.argv.slice(2)

try {
  const files: RewrittenFile[] = []
  // The argument is made of a plan.
  for await (const file of rewriteFiles(folder, JSON.parse(rewriting) as Rewriting)) files.push(file)
  await writeFile(output, JSON.stringify(files))
} catch (error) {
  if (!(error instanceof IngotError)) throw error
  process.stderr.write(`could not ${error.failure.attempted}\n  found: ${error.failure.found}\n`)
  process.exitCode = 1
}
