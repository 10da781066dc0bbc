import { firstQuestion } from '../../images/run-files/first-question.ts'
import { requireVerified } from '../catalogue/built-image.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { StageError } from '../error.ts'
import { usualRunner } from '../run/choose-runner.ts'
import { type OpenPort, openPort } from '../run/forward.ts'
import { endWords, type ServingContext, serveImage } from '../run/serve-image.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { recordAnswer } from '../verify/ask.ts'
import { usualLimits } from '../verify/limits.ts'
import { type VerifyOptions, withRunner } from '../verify/run.ts'
import { type Subject, subjectOf } from '../verify/subject.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './runner-options.ts'
import { runTable } from './tables/run.ts'

export const runCommand: Command = { run }

type RunValues = Values<typeof runTable>

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, runTable)
  const store = await openStore(context.settings.storeFolder)
  try {
    const { settings } = context
    const image = await findImage(positionals[0] ?? '', store, { settings, act: 'run' })
    requireVerified(image, values.unverified, 'run')
    const subject = await subjectOf(image, store)
    const port = await openPort(values.port ?? 0)
    try {
      return await serve(subject, { values, store, port }, context)
    } finally {
      port.close()
    }
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

interface RunPlace {
  values: RunValues
  store: Store
  port: OpenPort
}

async function serve(
  subject: Subject,
  { values, store, port }: RunPlace,
  context: CommandContext,
): Promise<number> {
  const { settings, progress, signal } = context
  const options = await optionsOf(subject, values, settings)
  const key = keyFor(subject, settings)
  context.endsItself?.()
  // The engine outlives the interrupt, so that the server in it can be told to stop.
  const lasting = { ...context, signal: new AbortController().signal }
  const end = await withEngine(lasting, (engine) => {
    const around = { store, progress, settings, signal, engine: () => engine.client() }
    return withRunner(subject, options, around, (runner) =>
      serveImage(subject, {
        runner,
        progress,
        signal,
        key,
        onReady: onReady(subject, { values, store, port }, context),
      }),
    )
  })
  progress.end()
  context.stderr(`ingot: ${endWords(end)}\n`)
  return end.type === 'ended' ? 1 : 0
}

async function optionsOf(
  { plan }: Subject,
  values: RunValues,
  { programs }: Pick<CommandContext['settings'], 'programs'>,
): Promise<VerifyOptions> {
  const runner = values.runner ?? (values.gpus === undefined ? await usualRunner(plan, programs) : 'docker')
  const gpus =
    values.gpus ??
    (plan.requires === undefined || runner === 'dagger' ? undefined : String(plan.requires.gpus))
  if (runner === 'dagger' && values.memory !== undefined)
    throw usageError('run', '--gpus and --memory need --runner docker or podman')
  return { ...readRunnerOptions('run', { runner, gpus }), memoryBytes: values.memory ?? null }
}

/** Opens the port to everybody on this machine, then shows what to ask; or asks and is through. */
function onReady(
  { plan, report }: Subject,
  { values, port }: RunPlace,
  { stdout, progress, signal, settings }: CommandContext,
): ServingContext['onReady'] {
  return async (server, readyMs) => {
    progress.end()
    if (values.ask !== undefined) {
      const clock = { now: () => performance.now() }
      const target = { model: plan.model, ask: plan.verify.behaviour.ask }
      const timeoutMs = usualLimits.answerSeconds * 1000
      const came = await recordAnswer(server.url, target, values.ask, {
        clock,
        signal,
        key: keyFor({ plan }, settings),
        timeoutMs,
      })
      if (typeof came === 'string') throw noAnswer(plan.name, came)
      stdout(`${came.answer.trim()}\n`)
      return 'stop'
    }
    port.leadTo(server.url)
    stdout(
      `${port.url} serves ${plan.model} by ${report.image}, ready after ${(readyMs / 1000).toFixed(1)} s; Ctrl-C ends it\n\n${firstQuestion(port.url, plan)}`,
    )
    return 'serve'
  }
}

/** The key of a server that wants one comes from the same variable here; none is made up, so that none is printed. */
function keyFor(
  { plan: { name, verify } }: Pick<Subject, 'plan'>,
  { programs }: Pick<CommandContext['settings'], 'programs'>,
): string | null {
  if (verify.apiKey === undefined) return null
  const { variable } = verify.apiKey
  const key = programs.environment[variable]
  if (key !== undefined && /^[!-+\--~]+$/.test(key)) return key
  throw new StageError('no-key', {
    attempted: `run ${name}, whose server wants a key`,
    found: key === undefined ? `${variable} is not set` : `${variable} holds no key of printable ASCII`,
    hint: `export ${variable}="$(openssl rand -hex 32)"`,
  })
}

function noAnswer(name: string, found: string): StageError {
  return new StageError('not-verified', {
    attempted: `ask ${name}`,
    found,
    hint: 'run it without --ask, and ask it by curl',
  })
}
