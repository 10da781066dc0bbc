import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { RunnerFacts } from '../boot/runner-facts.ts'
import type { StoredLayer } from '../oci/oci.ts'
import type { ImagePlan } from './plan.ts'

/**
 * Under which compiled code is kept: the layers of the runtime, environment and command line, the shape of the model, and the
 * machine. Another fine-tuning of one shape has the same key; the engine's own keys decide what of it is used.
 */
export function compileCacheKey(
  { platform, config, weights, compileCache, sharedMemoryBytes }: ImagePlan,
  runtime: readonly StoredLayer[],
  { instructions, gpus, driver }: RunnerFacts,
): string {
  const { Env, Entrypoint, Cmd } = config
  const key = {
    platform,
    config: { Env, Entrypoint, Cmd },
    folders: compileCache?.folders,
    sharedMemoryBytes,
    runtime: runtime.map(({ diffId }) => diffId),
    model: weights.files.map(({ path, sizeBytes, sha256 }) => [
      path,
      sizeBytes,
      path.endsWith('.json') ? sha256 : null,
    ]),
    machine: { instructions, gpus: gpus.map(({ name }) => name), driver },
  }
  return hexOf(digestOf(canonicalJson(JSON.parse(JSON.stringify(key)) as Json)))
}
