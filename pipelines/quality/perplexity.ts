import { deploymentOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { PredictedText } from '../../images/engines/perplexity.ts'
import type { TextPerplexity } from '../../images/quality/quality-report.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import type { Client } from '../process/session.ts'
import { serveStore } from '../registry-server/server.ts'
import type { Store } from '../store/store.ts'
import type { Subject } from '../verify/subject.ts'
import { programOf, runOver, textBeside, textPath, withProgram, withWeights } from './program.ts'

export interface PerplexityContext {
  store: Store
  engine(): Promise<Client>
}

type Wish = NonNullable<RecipeQuality['perplexity']>

/**
 * Runs the engine's own program over the text of the recipe, on the weights of the image, in a container that has the image's
 * locked packages and that program beside them. Throws `usage` for an engine without one, `no-file` for a text that is none, `drifted`
 * when the archive has the program in another version, and `tool-failed` with its last words.
 */
export async function measurePerplexity(
  subject: Subject,
  wish: Wish,
  { store, engine }: PerplexityContext,
): Promise<TextPerplexity> {
  const { program, origin } = programOf(subject)
  const text = await textBeside(wish.text, origin, 'perplexity')
  const registry = await serveStore(store, {})
  try {
    const client = await engine()
    const { container, version } = await withProgram(client, subject, origin.lock)
    const { contextTokens, chunks = null } = wish
    const asked: PredictedText = { path: textPath, contextTokens, chunks }
    const file = program.modelFile(deploymentOf(origin.recipe, origin.lock, engineOf(subject.plan.engine.id)))
    const ready = withWeights(container, subject, { client, registryPort: registry.port })
    const printed = await runOver(
      ready.withNewFile(textPath, text),
      [program.command(file, asked)],
      program.printed,
    )
    const textSha256 = hexOf(digestOf(Buffer.from(text)))
    const told = { file: wish.text, textSha256, contextTokens, chunks }
    return { ...printed, ...told, program: `${program.package} ${version}` }
  } finally {
    await registry.close()
  }
}
