import type { CheckResult } from '../../images/boot/check-result.ts'
import { labelNames } from '../../images/oci/label-names.ts'
import { assembleImage, type StoredLayer } from '../../images/oci/oci.ts'
import { imageAnnotations } from '../../images/plan/annotations.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { daggerRunner } from '../boot/dagger.ts'
import type { ImageMount, Runner } from '../boot/runner.ts'
import { serveStore } from '../registry-server/server.ts'
import { writeImage } from '../store/image.ts'
import type { BuildContext } from './build-context.ts'
import { type CompileCacheResult, compileCacheLayer, compiledOfPlan, notMade } from './compile-cache.ts'
import type { BuiltRuntime } from './runtime.ts'

/** Stores an image of these layers. */
export async function assembledImage(plan: ImagePlan, layers: readonly StoredLayer[], context: BuildContext) {
  context.progress.step(`assemble ${layers.length} layers`)
  const annotations = imageAnnotations(plan, context.createdAt)
  const assembled = assembleImage(layers, labelled(plan), plan.platform, annotations)
  return { assembled, image: await writeImage(context.store, assembled) }
}

/** All layers of the image, its runtime with what its engine compiled, and what the report says of that. */
export interface CompiledParts {
  layers: StoredLayer[]
  runtime: BuiltRuntime
  checks: CheckResult[]
}

interface UncompiledParts {
  baked: readonly StoredLayer[]
  runtime: BuiltRuntime
  mounts: readonly ImageMount[]
}

/** The image without it compiles, so it is assembled and booted first. */
export async function withCompiled(
  plan: ImagePlan,
  { baked, runtime, mounts }: UncompiledParts,
  context: BuildContext,
): Promise<CompiledParts> {
  const layers = [...baked, ...runtime.layers]
  if (plan.compileCache === undefined) return { layers, runtime, checks: [] }
  const boots = context.verify && !fromRegistry(context)
  const { layers: compiled, check } =
    (boots ? undefined : await compiledOfPlan(context.store, plan)) ??
    (context.verify
      ? await compiledByBoot(plan, { layers, runtime, mounts }, context)
      : notMade('the build boots nothing (--no-verify)'))
  return {
    layers: [...layers, ...compiled],
    runtime: { ...runtime, layers: [...runtime.layers, ...compiled] },
    checks: [check],
  }
}

async function compiledByBoot(
  plan: ImagePlan,
  { layers, runtime, mounts }: Omit<CompiledParts, 'checks'> & Pick<UncompiledParts, 'mounts'>,
  context: BuildContext,
): Promise<CompileCacheResult> {
  const { image } = await assembledImage(plan, layers, context)
  return context.boots(() =>
    withBuildRunner(plan, context, (runner) =>
      compileCacheLayer(plan, { image, runtime: runtime.layers, mounts }, { ...context, runner }),
    ),
  )
}

/** Whether the build takes layers of published images, and so what was compiled for them. */
export function fromRegistry({ fromRegistry: references = [] }: BuildContext): boolean {
  return references.length > 0
}

/** What the build was told to boot with, else the engine's harness and the store as its registry. */
export async function withBuildRunner<Result>(
  { platform }: ImagePlan,
  context: BuildContext,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const { store, factory } = context
  if (context.runner) return use(context.runner)
  const client = await context.engine()
  const registry = await serveStore(store, {})
  try {
    return await use(daggerRunner({ client, store, registryPort: registry.port, platform, factory }))
  } finally {
    await registry.close()
  }
}

function labelled(plan: ImagePlan) {
  return { ...plan.config, Labels: { ...plan.config.Labels, [labelNames.plan]: planDigestOf(plan) } }
}
