import { join, resolve } from 'node:path'
import type { PerplexityProgram } from '../../images/engines/engine.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { Lock } from '../../recipes/lock.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { StageError } from '../error.ts'
import { readRegularFile } from '../files/regular-file.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import type { Client } from '../process/session.ts'
import { anyExit, installBeside, installDebian } from '../software/debian.ts'
import type { Subject } from '../verify/subject.ts'

export type ProgramContainer = ReturnType<Client['container']>

/** Where the text lies for the program. */
export const textPath = '/text.txt'

/**
 * The engine's own program in the version of the locked packages, and the recipe that says of what. Throws `usage` for an engine or a
 * runtime without one.
 */
export function programOf({ origin, plan }: Subject): {
  program: PerplexityProgram
  origin: LockedRecipe
  version: string
} {
  const program = engineOf(plan.engine.id).perplexity
  const runtime = origin?.lock.runtime
  const version =
    runtime?.type === 'debian'
      ? runtime.packages.find(({ name }) => name === program?.versionOf)?.version
      : undefined
  if (origin === undefined || program === undefined || version === undefined)
    throw noProgram(plan.name, plan.engine.id)
  return { program, origin, version }
}

/** The weights of the image, or of what carries them, where the server has them. */
export function withWeights(
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

/** A text that a key of verify.quality names. Throws `no-file`. */
export async function textBeside(
  text: string,
  { folder }: Pick<LockedRecipe, 'folder'>,
  key: string,
): Promise<string> {
  const read = await readRegularFile(resolve(folder, text))
  if (read.ok) return read.text
  throw new StageError('no-file', {
    attempted: `read the text ${join(folder, text)}`,
    found: read.found,
    hint: `verify.quality.${key}.text names a text file, relative to the recipe`,
    cause: read.cause,
  })
}

/** The locked packages, and the program in the version that one of them has. Throws `drifted`. */
export async function withProgram(
  client: Client,
  subject: Subject,
  { runtime }: Pick<Lock, 'runtime'>,
): Promise<{ container: ProgramContainer; version: string }> {
  const { plan } = subject
  const { program, version } = programOf(subject)
  if (runtime.type !== 'debian') throw noProgram(plan.name, plan.engine.id)
  const installed = await installDebian(client, runtime, plan.platform)
  const added = installBeside(installed, { name: program.package, version })
  if ((await added.exitCode()) === 0) return { container: added, version }
  throw new StageError('drifted', {
    attempted: `install ${program.package} ${version} beside the packages of ${plan.name}`,
    found: (await added.stderr()).trim().split('\n').slice(-5).join('\n  '),
    hint: 'the archive may have a newer version by now: `ingot update RECIPE` takes it, and the image with it',
  })
}

/** Runs commands one after the other over the text, and gives what the last one said. Throws `tool-failed` with the last words. */
export async function runOver<Result>(
  container: ProgramContainer,
  commands: readonly (readonly string[])[],
  read: (said: string) => Result | null,
): Promise<Result> {
  // One exec: what they leave to each other is in no layer of the engine.
  const script = `${commands.map((_, index) => `sh /asked/${index}`).join(' && ')}; code=$?; rm -f ${betweenPath}; exit $code`
  const filled = commands.reduce(
    (made, command, index) => made.withNewFile(`/asked/${index}`, `exec ${command.map(quoted).join(' ')}\n`),
    container,
  )
  const ran = filled
    .withEnvVariable('INGOT_ASKED_AT', new Date().toISOString())
    .withExec(['sh', '-c', script], { expect: anyExit })
  const said = `${await ran.stdout()}\n${await ran.stderr()}`
  const result = read(said)
  if ((await ran.exitCode()) === 0 && result !== null) return result
  throw new StageError('tool-failed', {
    attempted: `run ${commands.map((command) => command.join(' ')).join(' && ')}`,
    found: said.trim().split('\n').slice(-12).join('\n  '),
    hint: 'the text must be twice as long as contextTokens, the models whole ones, and of one vocabulary where two are compared',
  })
}

/** What one command leaves to the next. */
export const betweenPath = '/between'

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function noProgram(name: string, engine: string): StageError {
  return new StageError('usage', {
    attempted: `measure the perplexity or divergence of ${name}`,
    found: `ingot has no program for it beside ${engine} in this runtime`,
    hint: 'take them out of verify.quality, or serve a GGUF by llama.cpp from packages; vLLM and SGLang tell the perplexity themselves',
  })
}
