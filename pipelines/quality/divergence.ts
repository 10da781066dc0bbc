import { deploymentOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { MeasuredWeights, WeightsDivergence } from '../../images/quality/divergence.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { sourceFolder } from '../quantize/source-image.ts'
import { serveStore } from '../registry-server/server.ts'
import type { Subject } from '../verify/subject.ts'
import { betweenPath, programOf, runOver, textBeside, textPath, withProgram, withWeights } from './program.ts'
import { type DivergenceContext, referenceWeights } from './reference.ts'

type DivergenceWish = NonNullable<RecipeQuality['divergence']>

/**
 * Compares the weights of an image with others over a text, by the engine's own program, and measures the speed of both on this
 * machine, one after the other. Throws as `measurePerplexity` and `referenceWeights`.
 */
export async function measureDivergence(
  subject: Subject,
  wish: DivergenceWish,
  context: DivergenceContext,
): Promise<WeightsDivergence> {
  const { program, origin } = programOf(subject)
  const { contextTokens, chunks } = wish
  const text = await textBeside(wish.text, origin, 'divergence')
  const reference = await referenceWeights(wish.from, origin, context)
  const registry = await serveStore(context.store, {})
  try {
    const client = await context.engine()
    const place = { client, registryPort: registry.port, platform: subject.plan.platform }
    const { container, version } = await withProgram(client, subject, origin.lock)
    const own = program.modelFile(deploymentOf(origin.recipe, origin.lock, engineOf(subject.plan.engine.id)))
    const tree = pulledByDigest(place, reference.image).rootfs()
    const ready = withWeights(container, subject, place)
      .withMountedDirectory(sourceFolder, tree.directory(sourceFolder))
      .withNewFile(textPath, text)
    const files = { reference: reference.path, model: own, base: betweenPath }
    const asked = { path: textPath, contextTokens, chunks }
    const printed = await runOver(ready, program.divergence(files, asked), program.printedDivergence)
    const both = [reference.path, own]
    const speeds = await runOver(ready, [program.speed(both)], (said) => program.printedSpeeds(said, both))
    const { perplexity, referencePerplexity, ...figures } = printed
    return {
      ...figures,
      ...{ file: wish.text, textSha256: hexOf(digestOf(Buffer.from(text))), contextTokens, chunks },
      program: `${program.package} ${version}`,
      reference: measured(reference, referencePerplexity, speeds[0]),
      image: measured(ownWeights(own, totalBytes(origin.lock.weights.files)), perplexity, speeds[1]),
    }
  } finally {
    await registry.close()
  }
}

function ownWeights(path: string, sizeBytes: number) {
  return { name: 'this image', file: path.slice(path.lastIndexOf('/') + 1), sizeBytes }
}

function measured(
  { name, file, sizeBytes }: Pick<MeasuredWeights, 'name' | 'file' | 'sizeBytes'>,
  perplexity: MeasuredWeights['perplexity'],
  speed: MeasuredWeights['speed'] | undefined,
): MeasuredWeights {
  return { name, file, sizeBytes, perplexity, speed: speed ?? null }
}
