import { deploymentOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { PromptScoring } from '../../images/engines/scoring.ts'
import { judgeLoad } from '../../images/load/judgement.ts'
import { type LoadReport, loadReportVersion } from '../../images/load/load-report.ts'
import type { PromptsFile, RealPrompt } from '../../images/load/real-prompts.ts'
import { compareLoads } from '../../images/load/regression.ts'
import { type AnswersFile, answersVersion, compareAnswers } from '../../images/quality/answers.ts'
import { dateDoubt } from '../../images/quality/dated.ts'
import type { WeightsDivergence } from '../../images/quality/divergence.ts'
import { judgeQuality, type QualityReport, type TextPerplexity } from '../../images/quality/quality-report.ts'
import { optional } from '../../lib/optional.ts'
import { type RecipeLoad, usualLoad } from '../../recipes/load.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import type { BootedServer, Runner } from '../boot/runner.ts'
import { StageError } from '../error.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import type { Progress } from '../process/progress.ts'
import { askForQuality, type QualityAnswers } from '../quality/measure.ts'
import { programOf, textBeside } from '../quality/program.ts'
import { scorePerplexity } from '../quality/scored.ts'
import { serveImage } from '../run/serve-image.ts'
import { newKey } from '../verify/access.ts'
import type { Subject } from '../verify/subject.ts'
import { type LoadMeasurement, measureLoad, measureNothing } from './measure.ts'
import { promptsBeside, type ReadPrompts } from './prompts-file.ts'
import { enginePage } from './watch-engine.ts'

export interface BenchContext {
  runner: Runner
  progress: Progress
  signal: AbortSignal
  /** An earlier report that was accepted. */
  before: LoadReport | null
  /** Answers that the recipe names. */
  recorded: AnswersFile | null
  /** Answers are wanted for a file, whatever the recipe says. */
  records: boolean
  /** Asked when the server is gone, for a recipe that wants it of an engine with a program for it. */
  predict(wish: NonNullable<RecipeQuality['perplexity']>): Promise<TextPerplexity>
  /** The same of a comparison with other weights. */
  diverge(wish: NonNullable<RecipeQuality['divergence']>): Promise<WeightsDivergence>
  /** Limits are judged on a busy machine as well. */
  judgesBusy: boolean
  /** How long the machine is watched before each step; a second where nothing is said. */
  idleMs?: number
}

/** What one boot gave. */
export interface BenchResult {
  report: LoadReport
  /** For a file; absent where nothing of the answers was asked for. */
  answers?: AnswersFile
}

interface BenchMeasurement {
  prompts?: PromptsFile
  load: LoadMeasurement
  quality: QualityAnswers | null
  perplexity?: TextPerplexity
  divergence?: WeightsDivergence
}

/**
 * Boots an image as the hostile boot does, asks what its recipe wants to know of its answers, puts its load on it, and judges what
 * was measured. Throws `usage` for a server that generates no text, and as `serveImage` does.
 */
export async function benchImage(subject: Subject, context: BenchContext): Promise<BenchResult> {
  const { plan } = subject
  requireText(subject)
  requireProgram(subject)
  const prompts = await promptsOf(subject)
  const key = plan.verify.apiKey === undefined ? null : newKey()
  const runs: BenchMeasurement[] = []
  await serveImage(subject, {
    ...context,
    key,
    async onReady(server) {
      runs.push(await measured(server, subject, { ...context, prompts: prompts?.prompts ?? [] }, key))
      return 'stop'
    },
  })
  const [run] = runs
  if (run === undefined) throw new Error('a server was ready, and nothing was measured')
  const all = { ...run, ...(await predicted(subject, context)), ...optional('prompts', prompts?.told) }
  return resultOf(subject, all, context)
}

/** Read before anything boots. */
async function promptsOf(subject: Subject): Promise<ReadPrompts | undefined> {
  const { load } = wishesOf(subject)
  return subject.origin === undefined || load?.prompts === undefined
    ? undefined
    : promptsBeside(load.prompts, subject.origin)
}

/** So that nothing is booted for what cannot be measured then. */
function requireProgram(subject: Subject): void {
  const { perplexity, divergence } = wishesOf(subject).quality ?? {}
  const needs = divergence !== undefined || (perplexity !== undefined && scoringOf(subject) === null)
  if (needs) programOf(subject)
}

/** What programs of the engine say of the weights, when nothing else uses the machine. */
async function predicted(
  subject: Subject,
  { progress, predict, diverge }: BenchContext,
): Promise<Pick<BenchMeasurement, 'perplexity' | 'divergence'>> {
  const { perplexity, divergence } = wishesOf(subject).quality ?? {}
  const asked = scoringOf(subject) === null ? perplexity : undefined
  if (asked !== undefined) progress.step(`the perplexity of ${asked.text}`)
  const ofText = asked && (await predict(asked))
  if (divergence !== undefined) progress.step(`beside ${divergence.from}, over ${divergence.text}`)
  const ofBoth = divergence && (await diverge(divergence))
  return { ...optional('perplexity', ofText), ...optional('divergence', ofBoth) }
}

/** What the recipe asks for: a load where it names one, or where it names nothing. */
function wishesOf({ origin }: Subject): { load: RecipeLoad | null; quality: RecipeQuality | undefined } {
  const { load, quality } = origin?.recipe.verify ?? {}
  return { load: load ?? (quality === undefined ? usualLoad() : null), quality }
}

async function measured(
  server: BootedServer,
  subject: Subject,
  { signal, progress, records, idleMs, prompts }: BenchContext & { prompts: readonly RealPrompt[] },
  key: string | null,
): Promise<BenchMeasurement> {
  const { model, verify } = subject.plan
  const { load, quality } = wishesOf(subject)
  const clock = { now: () => performance.now() }
  const target = { url: server.url, model, ask: verify.behaviour.ask, key, clock, signal }
  const onStep = (text: string) => progress.step(text)
  const wanted = quality ?? (records ? { questions: [] } : null)
  if (wanted !== null)
    onStep(`ask prompts of the recipe (${verify.prompts.length}) and questions (${wanted.questions.length})`)
  const ofAnswers =
    wanted === null
      ? null
      : await askForQuality({ ...target, timeoutMs: answerSeconds * 1000 }, verify.prompts, wanted)
  const scored = optional('perplexity', await scoredText(server, subject, { key, signal, onStep }))
  if (load === null) return { load: await measureNothing(server), quality: ofAnswers, ...scored }
  const timed = { ...target, timeoutMs: load.timeoutSeconds * 1000 }
  const watched = { page: enginePage(subject), ...optional('idleMs', idleMs) }
  const context = { server, target: timed, prompts, onStep, ...watched }
  return { load: await measureLoad(load, context), quality: ofAnswers, ...scored }
}

/** The server itself scores a text where its engine has no program for it. */
function scoringOf({ plan, origin }: Subject): { scoring: PromptScoring; origin: LockedRecipe } | null {
  const { perplexity, scoring } = engineOf(plan.engine.id)
  return perplexity !== undefined || scoring === undefined || origin === undefined
    ? null
    : { scoring, origin }
}

async function scoredText(
  { url }: BootedServer,
  subject: Subject,
  { key, signal, onStep }: { key: string | null; signal: AbortSignal; onStep: (text: string) => void },
): Promise<TextPerplexity | undefined> {
  const wish = wishesOf(subject).quality?.perplexity
  const scored = scoringOf(subject)
  if (wish === undefined || scored === null) return undefined
  const text = await textBeside(wish.text, scored.origin, 'perplexity')
  onStep(`the perplexity of ${wish.text}`)
  const server = { url, model: subject.plan.model, key, signal, timeoutMs: answerSeconds * 1000 }
  return scorePerplexity(server, scored.scoring, { wish, text })
}

function datedBy({ origin, plan }: Subject): string | null {
  return origin === undefined
    ? null
    : dateDoubt(deploymentOf(origin.recipe, origin.lock, engineOf(plan.engine.id)))
}

const answerSeconds = 300

async function resultOf(
  subject: Subject,
  { load: measurement, quality: answered, perplexity, divergence, prompts }: BenchMeasurement,
  { runner, before, recorded, judgesBusy }: BenchContext,
): Promise<BenchResult> {
  const { name, engine, model } = subject.plan
  const { image, plan } = subject.report
  const { load, quality } = wishesOf(subject)
  const machine = await runner.machine()
  const asked = { load: load ?? usualLoad(), ...optional('prompts', prompts) }
  const run = { machine, gpus: runner.gpus, ...asked, ...measurement }
  const gpus = runner.gpus === 0 ? [] : machine.gpus.map((gpu) => gpu.name)
  const origin = { engine, processor: measurement.processor, gpus }
  const answers: AnswersFile | undefined = answered
    ? { answersVersion, image, model, ...origin, answers: answered.answers }
    : undefined
  const report: LoadReport = {
    loadReportVersion,
    ...{ name, image, plan, engine, model },
    createdAt: new Date().toISOString(),
    ...run,
    judgement: judgeLoad(measurement.steps, load?.limits ?? [], judgesBusy ? [] : measurement.noise.busy),
    ...(quality && answers && answered
      ? {
          quality: qualityOf(
            quality,
            { ...answered, ...optional('perplexity', perplexity), ...optional('divergence', divergence) },
            answers,
            { recorded, dated: datedBy(subject) },
          ),
        }
      : {}),
    ...(before === null ? {} : { comparison: compareLoads(run, before) }),
  }
  return { report, ...optional('answers', answers) }
}

function qualityOf(
  quality: RecipeQuality,
  { questions, perplexity, divergence }: QualityAnswers & Pick<QualityReport, 'perplexity' | 'divergence'>,
  now: AnswersFile,
  { recorded, dated }: { recorded: AnswersFile | null; dated: string | null },
): QualityReport {
  const answers =
    recorded === null || quality.answers === undefined
      ? undefined
      : compareAnswers(now, recorded, quality.answers, dated)
  const found = {
    questions,
    ...optional('answers', answers),
    ...optional('perplexity', perplexity),
    ...optional('divergence', divergence),
  }
  return { quality, ...found, judgement: judgeQuality(quality, found) }
}

function requireText({ plan }: Subject): void {
  const { ask } = plan.verify.behaviour
  if (ask.textAt !== null && ['openai-chat', 'openai-completion'].includes(ask.bodyFor)) return
  throw new StageError('usage', {
    attempted: `put a load on ${plan.name}`,
    found: `its server generates no text: it is asked at ${ask.path}`,
    hint: 'a load is measured by streamed tokens, so take an image for chat or completion',
  })
}
