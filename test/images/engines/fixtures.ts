import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { deploymentOf, runtimeOf } from '../../../images/engines/deployment.ts'
import type { Deployment, RuntimeSource } from '../../../images/engines/engine.ts'
import { engineOf, engines } from '../../../images/engines/engines.ts'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import { optional } from '../../../lib/optional.ts'
import type { DebianPackage } from '../../../recipes/debian-packages.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { GgufFacts } from '../../../recipes/gguf-facts.ts'
import type { Lock, LockedRuntime } from '../../../recipes/lock.ts'
import { factsFromWhisper } from '../../../recipes/model-facts/whisper.ts'
import { parseRecipe } from '../../../recipes/parse.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { isGgmlModel } from '../../../recipes/weight-names.ts'
import { setDigestOf, sortFiles, type WeightFile } from '../../../recipes/weights.ts'
import { sampleOf } from './samples.ts'

/** Those with a runtime for some GPU: the others have no memory of a card to plan. */
export const gpuEngineIds: readonly EngineId[] = engines
  .filter(({ runtimes }) => runtimes.some(({ device }) => device !== 'cpu'))
  .map(({ id }) => id)

export const chatEngineIds: readonly EngineId[] = engines
  .filter(({ tasks }) => tasks.flat().includes('chat'))
  .map(({ id }) => id)

const folder = join(import.meta.dirname, '../../../recipes')

export const recipeFiles = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()

export function readRecipeText(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

export function readRecipe(name: string): Recipe {
  const parsed = parseRecipe(readRecipeText(name), name, judgeRecipe)
  if (parsed.ok) return parsed.recipe
  throw new Error(parsed.problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'))
}

/** A recipe of one engine, with the smallest content, and what the caller puts over it. */
export function recipeFor(id: EngineId, change: (recipe: Recipe) => void = () => undefined): Recipe {
  const recipe = readRecipe(`${sampleOf(id).recipe ?? `smollm2-135m-${id}`}.yaml`)
  change(recipe)
  return recipe
}

const transformers = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json']

/** A lock as `ingot lock` writes it, small: the files that the engine's format has, and an image or one package. */
export function lockFor(recipe: Recipe, names: readonly string[] = filesOf(recipe)): Lock {
  const engine = engineOf(recipe.engine.id)
  const files = sortFiles(names.map(fileOf))
  return {
    lockVersion: 1,
    recipe: recipe.name,
    engine: { id: engine.id, version: sampleOf(engine.id).lockedVersion },
    runtime: runtimeFor(runtimeOf(recipe, engine).source),
    weights: { source: sourceFor(recipe), files, setDigest: setDigestOf(files) },
    ...(names.some((name) => name.endsWith('.gguf')) ? { gguf: ggufFor(recipe) } : {}),
    ...(names.some(isGgmlModel) ? optional('model', factsFromWhisper(whisperHeader())) : {}),
  }
}

export function deploymentFor(recipe: Recipe, names?: readonly string[]): Deployment {
  return deploymentOf(recipe, lockFor(recipe, names), engineOf(recipe.engine.id))
}

function filesOf(recipe: Recipe): readonly string[] {
  const { formats } = engineOf(recipe.engine.id)
  if (formats.includes('ggml')) return ['ggml-tiny.en.bin']
  return formats.includes('gguf') ? ['model.gguf'] : transformers
}

/** The first bytes of `ggml-tiny.en.bin`. */
export function whisperHeader(): Uint8Array {
  return new Uint8Array(new Int32Array([0x67676d6c, 51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1]).buffer)
}

function fileOf(path: string): WeightFile {
  return { path, sizeBytes: 1000, sha256: hexOf(digestOf(path)) }
}

function sourceFor({ weights }: Recipe): Lock['weights']['source'] {
  const { source } = weights
  return source.type === 'huggingface'
    ? { type: 'huggingface', repo: source.repo, revision: source.revision, commit: 'c0'.repeat(20) }
    : { type: 'folder', path: '.' }
}

function runtimeFor(source: RuntimeSource): LockedRuntime {
  const base = { reference: source.base, digest: digestOf(source.base) }
  switch (source.type) {
    case 'debian':
      return { type: 'debian', base, packages: source.packages.map(packageOf) }
    case 'upstream':
      return { type: 'upstream', base, environment: { PATH: '/upstream/bin', CUDA_VERSION: '13' } }
    case 'python':
      return {
        type: 'python',
        base,
        packages: source.packages.map(packageOf),
        python: '3.11.2',
        uv: '0.13.9',
        distributions: [],
      }
  }
}

function packageOf(name: string): DebianPackage {
  return { name, version: '1', architecture: 'amd64', sizeBytes: 0, sha256: hexOf(digestOf(name)) }
}

const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

function ggufFor({ serving }: Recipe): GgufFacts {
  return {
    architecture: 'llama',
    parameterCount: 134_515_008,
    fileType: serving.quantization ?? 'Q4_K_M',
    chatTemplate: chatml,
    bosToken: '<|im_start|>',
    eosToken: '<|im_end|>',
  }
}

export function nameOf(file: string): string {
  return basename(file, '.yaml')
}
