import type { Behaviour, HttpProbe, JsonCheck } from '../boot/probe.ts'
import { type BadInputAnswer, type BadInputCase, type BadInputTable, badInputProbes } from './bad-input.ts'
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

/** Where neither recipe nor model says how long a sequence may be. */
const unknownContextLength = 4096

/** What one engine adds to the behaviour that all servers with an OpenAI interface share. */
export interface OwnBehaviour
  extends Pick<Behaviour, 'failureLines' | 'stop'>,
    Partial<Pick<Behaviour, 'gpu'>> {
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
  /** Its own interfaces, asked after the common ones. */
  native: readonly HttpProbe[]
  badInput: BadInputTable
}

/** Ready, models, chat, stream and completions as OpenAI's clients expect them, with the engine's own questions and wrong ones. */
export function openAiBehaviour({ recipe, facts }: Deployment, own: OwnBehaviour): Behaviour {
  const { asked = recipe.model.name, badInput, failureLines, stop, gpu } = own
  const setLength = recipe.serving.contextLength ?? own.contextLength
  const contextLength = setLength ?? facts?.maxPositions ?? unknownContextLength
  const answered = own.answered ?? asked
  return {
    readiness: generatedTokenProbe(asked, recipe.verify.startTimeoutSeconds, answered),
    probes: [
      ...own.pages,
      modelsProbe(own.listed ?? answered),
      chatProbe(asked, answered),
      chatStreamProbe(asked, answered),
      completionsProbe(asked),
      ...own.native,
      ...badInputProbes(badInput, { model: asked, contextLength, isSet: setLength !== undefined }),
    ],
    failureLines,
    ...(gpu === undefined ? {} : { gpu }),
    stop,
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat', textAt: 'choices.0.message.content' },
  }
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
