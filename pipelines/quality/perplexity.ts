import { join, resolve } from 'node:path'
import { deploymentOf } from '../../images/engines/deployment.ts'
import type { PerplexityProgram } from '../../images/engines/engine.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { PredictedText, PrintedPerplexity } from '../../images/engines/perplexity.ts'
import type { TextPerplexity } from '../../images/quality/quality-report.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { StageError } from '../error.ts'
import { readRegularFile } from '../files/regular-file.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import type { Client } from '../process/session.ts'
import { serveStore } from '../registry-server/server.ts'
import { anyExit, installBeside, installDebian } from '../software/debian.ts'
import type { Store } from '../store/store.ts'
import type { Subject } from '../verify/subject.ts'

export interface PerplexityContext {
  store: Store
  engine(): Promise<Client>
}

type ProgramContainer = ReturnType<Client['container']>

type Wish = NonNullable<RecipeQuality['perplexity']>

/** Where the text lies for the program. */
const textPath = '/text.txt'

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
  const { origin, plan } = subject
  const program = engineOf(plan.engine.id).perplexity
  if (origin === undefined || program === undefined) throw noProgram(plan.name, plan.engine.id)
  const text = await textOf(wish, origin)
  const registry = await serveStore(store, {})
  try {
    const client = await engine()
    const { container, version } = await withProgram(client, subject, origin.lock, program)
    const { contextTokens, chunks = null } = wish
    const asked: PredictedText = { path: textPath, contextTokens, chunks }
    const command = program.command(deploymentOf(origin.recipe, origin.lock, engineOf(plan.engine.id)), asked)
    const ready = withWeights(container, subject, { client, registryPort: registry.port })
    const printed = await runOver(text, command, ready, program)
    const textSha256 = hexOf(digestOf(Buffer.from(text)))
    const told = { file: wish.text, textSha256, contextTokens, chunks }
    return { ...printed, ...told, program: `${program.package} ${version}` }
  } finally {
    await registry.close()
  }
}

async function runOver(
  text: string,
  command: string[],
  container: ProgramContainer,
  program: PerplexityProgram,
): Promise<PrintedPerplexity> {
  const ran = container
    .withNewFile(textPath, text)
    .withEnvVariable('INGOT_ASKED_AT', new Date().toISOString())
    .withExec(command, { expect: anyExit })
  const said = `${await ran.stdout()}\n${await ran.stderr()}`
  const printed = program.printed(said)
  if ((await ran.exitCode()) === 0 && printed !== null) return printed
  throw new StageError('tool-failed', {
    attempted: `run ${command.join(' ')}`,
    found: said.trim().split('\n').slice(-12).join('\n  '),
    hint: 'the text must be twice as long as verify.quality.perplexity.contextTokens, and the model a whole one',
  })
}

/** The weights of the image, or of what carries them, where the server has them. */
function withWeights(
  container: ProgramContainer,
  { report, plan, mounts }: Subject,
  place: { client: Client; registryPort: number },
): ProgramContainer {
  const baked = [{ image: report.image, path: plan.weights.modelFolder }]
  return (mounts.length === 0 ? baked : mounts).reduce((made, { image, path }) => {
    const tree = pulledByDigest({ ...place, platform: plan.platform }, image).rootfs()
    return made.withMountedDirectory(path, tree.directory(path))
  }, container)
}

async function textOf({ text }: Wish, { folder }: LockedRecipe): Promise<string> {
  const read = await readRegularFile(resolve(folder, text))
  if (read.ok) return read.text
  throw new StageError('no-file', {
    attempted: `measure the perplexity of ${join(folder, text)}`,
    found: read.found,
    hint: 'verify.quality.perplexity.text names a text file, relative to the recipe',
    cause: read.cause,
  })
}

/** The locked packages, and the program in the version that one of them has. */
async function withProgram(client: Client, { plan }: Subject, { runtime }: Lock, program: PerplexityProgram) {
  const version =
    runtime.type === 'debian'
      ? runtime.packages.find(({ name }) => name === program.versionOf)?.version
      : undefined
  if (runtime.type !== 'debian' || version === undefined) throw noProgram(plan.name, plan.engine.id)
  const installed = await installDebian(client, runtime, plan.platform)
  const added = installBeside(installed, { name: program.package, version })
  if ((await added.exitCode()) === 0) return { container: added, version }
  throw new StageError('drifted', {
    attempted: `install ${program.package} ${version} beside the packages of ${plan.name}`,
    found: (await added.stderr()).trim().split('\n').slice(-5).join('\n  '),
    hint: 'the archive may have a newer version by now: `ingot update RECIPE` takes it, and the image with it',
  })
}

function noProgram(name: string, engine: string): StageError {
  return new StageError('usage', {
    attempted: `measure the perplexity of ${name}`,
    found: `ingot has no program for it beside ${engine} in this runtime`,
    hint: 'take verify.quality.perplexity out of the recipe, or serve a GGUF by llama.cpp from packages',
  })
}
