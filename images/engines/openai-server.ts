import type { ModelTask } from '../../recipes/tasks.ts'
import type { Behaviour, HttpProbe, JsonCheck, MainQuestion, StopRules } from '../boot/probe.ts'
import {
  type AskedTask,
  type BadInputAnswer,
  type BadInputCase,
  type BadInputTable,
  badInputProbes,
} from './bad-input.ts'
import { completionStreamProbe, continuedTextProbe } from './completion-probes.ts'
import { embeddedTextProbe, embeddingProbes, type Vectors } from './embedding-probes.ts'
import type { Deployment, EngineDefinition } from './engine.ts'
import {
  chatProbe,
  chatStreamProbe,
  completionsProbe,
  generatedTokenProbe,
  modelsProbe,
  nativeProbe,
  textProbe,
} from './openai-probes.ts'
import { cohereRerank, type RerankPlace, rerankProbes, scoredProbe } from './rerank-probes.ts'
import { freeToolProbes, parsedProbes, type SeenStreams, toolProbes } from './skill-probes.ts'
import { structuredProbes } from './structured-probes.ts'
import { generates } from './tasks.ts'
import { visionProbes } from './vision-probes.ts'

/** Where neither recipe nor model says how long a sequence may be. */
const unknownContextLength = 4096

/** What one engine adds to the behaviour that all servers with an OpenAI interface share. */
export interface OwnBehaviour
  extends Pick<Behaviour, 'failureLines' | 'stop'>,
    Partial<Pick<Behaviour, 'gpu'>>,
    SeenStreams {
  /** Name that is asked for; the recipe's where nothing is said. */
  asked?: string
  /** Name in answers, where it is another than the one asked for. */
  answered?: string
  /** Name in the list of models, where it is another than the one in answers. */
  listed?: string
  /** Tokens of a sequence where the recipe says nothing and the engine does not take what the model declares. */
  contextLength?: number
  /** Pages that say how it is, asked first. */
  pages: readonly HttpProbe[]
  /** Its own interfaces by task, asked after the common ones. */
  native?: Partial<Record<ModelTask, readonly HttpProbe[]>>
  /** What proves the parts of the recipe, whatever the model is for; asked last. */
  parts?: readonly HttpProbe[]
  /** Of chat and completion. */
  badInput: BadInputTable
  wrongOf?: TaskAnswers
  /** Whether a chat answers to JSON schemas; absent where nobody has seen it. */
  answersToSchemas?: true
  /** Absent where a client can require a call of a tool; false where the server has no word for it. */
  forcesCalls?: false
  /** Whether vectors have length 1 without a word of the model. */
  normalizes?: 'always'
  /** Where it reranks; as Cohere's clients ask, where nothing is said. */
  rerank?: RerankPlace
}

/** What an engine answers to wrong questions of a task other than chat and completion. */
export type TaskAnswers = Partial<Record<'embedding' | 'rerank', BadInputTable>>

/** The questions of each task as OpenAI's clients ask them, with the engine's own ones and wrong ones. */
export function openAiBehaviour(deployment: Deployment, own: OwnBehaviour): Behaviour {
  const { tasks } = deployment
  const { failureLines, stop, gpu } = own
  const names = namesOf(deployment, own)
  return {
    readiness: readinessOf(deployment, own),
    probes: [
      ...own.pages,
      modelsProbe(own.listed ?? names.answered),
      ...tasks.flatMap((task) => probesOf(task, deployment, own)),
      ...(own.parts ?? []),
    ],
    failureLines,
    ...(gpu === undefined ? {} : { gpu }),
    stop: generates(tasks) ? stop : withoutStreams(stop),
    ask: askOf(tasks[0]),
  }
}

function namesOf({ recipe }: Deployment, own: OwnBehaviour): { asked: string; answered: string } {
  const { asked = recipe.model.name } = own
  return { asked, answered: own.answered ?? asked }
}

function readinessOf(deployment: Deployment, own: OwnBehaviour): HttpProbe {
  const { startTimeoutSeconds: seconds } = deployment.recipe.verify
  const { asked, answered } = namesOf(deployment, own)
  switch (deployment.tasks[0]) {
    case 'embedding':
      return embeddedTextProbe(asked, vectorsOf(deployment, own), seconds)
    case 'rerank':
      return scoredProbe(asked, own.rerank ?? cohereRerank, seconds)
    case 'completion':
      return continuedTextProbe(asked, seconds, answered)
    default:
      return generatedTokenProbe(asked, seconds, answered)
  }
}

function probesOf(task: ModelTask, deployment: Deployment, own: OwnBehaviour): HttpProbe[] {
  const { asked, answered } = namesOf(deployment, own)
  const native = own.native?.[task] ?? []
  switch (task) {
    case 'chat':
      return [...chatProbes(deployment, own), ...native, ...wrongOnes(task, own.badInput, deployment, own)]
    case 'completion':
      // A chat is asked for completions, too.
      if (deployment.tasks.includes('chat')) return []
      return [
        completionsProbe(asked),
        completionStreamProbe(asked, answered),
        ...native,
        ...wrongOnes(task, own.badInput, deployment, own),
      ]
    case 'embedding':
      return [
        ...embeddingProbes(asked, vectorsOf(deployment, own)),
        ...native,
        ...wrongOnes(task, own.wrongOf?.embedding, deployment, own),
      ]
    case 'rerank':
      return [
        ...rerankProbes(asked, own.rerank ?? cohereRerank),
        ...native,
        ...wrongOnes(task, own.wrongOf?.rerank, deployment, own),
      ]
    case 'transcription':
      return [...native]
    case 'tools':
      return [...(own.forcesCalls === false ? freeToolProbes(asked) : toolProbes(asked, own)), ...native]
    case 'structured':
      // Of some engines every chat is asked so.
      return [...(own.answersToSchemas ? [] : structuredProbes(asked)), ...native]
    case 'vision':
      return visionProbes(asked)
  }
}

function chatProbes(deployment: Deployment, own: OwnBehaviour): HttpProbe[] {
  const { asked, answered } = namesOf(deployment, own)
  return [
    chatProbe(asked, answered),
    chatStreamProbe(asked, answered),
    completionsProbe(asked),
    ...(own.answersToSchemas ? structuredProbes(asked) : []),
    ...parsedProbes(deployment, asked, own),
  ]
}

/** Beside another task the questions have names of their own. */
function wrongOnes(
  task: AskedTask,
  table: BadInputTable | undefined,
  { recipe, facts, tasks }: Deployment,
  own: OwnBehaviour,
): HttpProbe[] {
  if (table === undefined) return []
  const setLength = recipe.serving.contextLength ?? own.contextLength
  const contextLength = setLength ?? facts?.maxPositions ?? unknownContextLength
  const model = own.asked ?? recipe.model.name
  const probes = badInputProbes(table, { model, contextLength, isSet: setLength !== undefined, task })
  return tasks[0] === task ? probes : probes.map((probe) => ({ ...probe, id: `${task}-${probe.id}` }))
}

/** What is known of the vectors before the first is made. */
export function vectorsOf(
  { facts, folder }: Deployment,
  { normalizes }: Pick<OwnBehaviour, 'normalizes'>,
): Vectors {
  const dimension = folder?.dimension ?? facts?.hiddenSize
  return {
    ...(dimension === undefined ? {} : { dimension }),
    normalized: normalizes === 'always' || folder?.normalizes === true,
  }
}

function withoutStreams(stop: StopRules): StopRules {
  if (stop.busy === undefined) return stop
  const { streaming: _, ...busy } = stop.busy
  return { ...stop, busy }
}

function askOf(task: ModelTask | undefined): MainQuestion {
  switch (task) {
    case 'embedding':
      return { path: '/v1/embeddings', bodyFor: 'openai-embedding', textAt: null }
    case 'rerank':
      return { path: '/v1/rerank', bodyFor: 'rerank', textAt: null }
    case 'completion':
      return { path: '/v1/completions', bodyFor: 'openai-completion', textAt: 'choices.0.text' }
    default:
      return { path: '/v1/chat/completions', bodyFor: 'openai-chat', textAt: 'choices.0.message.content' }
  }
}

/** Interfaces of an engine that generate, whether the model chats or goes on with texts. */
export function ofGeneration(
  probes: readonly HttpProbe[],
): Pick<Record<ModelTask, readonly HttpProbe[]>, 'chat' | 'completion'> {
  return { chat: probes, completion: probes }
}

export function healthPage({ healthPath: path }: EngineDefinition): HttpProbe {
  return textProbe({ id: 'health', group: 'native', title: 'the health page answers', path }, [])
}

export function versionProbe(path = '/version'): HttpProbe {
  return nativeProbe(
    { id: 'version', title: 'the server says its version', request: { method: 'GET', path } },
    [{ at: 'version', rule: 'text' }],
  )
}

/** `contains` are beginnings of the engine's own names; `required` is false where they are not confirmed. */
export function metricsPage(contains: readonly string[], required = true): HttpProbe {
  return textProbe(
    { id: 'metrics', group: 'metrics', title: 'Prometheus metrics are on', path: '/metrics' },
    contains,
    required,
  )
}

type CommonRefusal = Extract<
  BadInputCase,
  'malformed-json' | 'missing-field' | 'empty-body' | 'wrong-method' | 'unknown-path'
>

/** The rows on which most engines agree, in the form of their errors and with the trust that each row has. */
export function usualRefusals(
  trust: (status: number, checks: readonly JsonCheck[] | null) => BadInputAnswer,
  error: readonly JsonCheck[],
): Record<CommonRefusal, BadInputAnswer> {
  return {
    'malformed-json': trust(400, error),
    'missing-field': trust(400, error),
    'empty-body': trust(400, error),
    'wrong-method': trust(405, null),
    'unknown-path': trust(404, null),
  }
}
