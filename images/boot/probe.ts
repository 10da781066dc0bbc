import type { Json } from '../../lib/json.ts'
import type { StandIn } from './stand-in.ts'

/** A text so many times, so that a plan does not grow with the number. */
export interface RepeatedText {
  repeat: string
  times: number
  /** Member of the body that it is; the content of the first message where nothing is said. */
  as?: string
}

/** A form as browsers send one, with a file in its member `file`. */
export interface FormBody {
  fields: Readonly<Record<string, string>>
  /** Absent where the file is left out. */
  file?: FormFile
}

/** The recording that ingot brings, `times` in a row, or a text that is no sound. */
export type FormFile =
  | { type: 'recording'; sha256: string; times: number }
  | { type: 'text'; name: string; text: string }

/**
 * What is sent to the server. `raw` goes out as it is, for bodies that are not JSON. `prompt` takes the
 * place of a text in `body`.
 */
export interface ProbeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  body?: Json
  prompt?: RepeatedText
  raw?: string
  /** In place of a body. */
  form?: FormBody
}

type JsonMap = { readonly [key: string]: Json }

/** A statement about one place of a JSON answer. `at` is a path such as `choices.0.message.content`. */
export type JsonCheck =
  | { at: string; rule: 'equals'; value: Json }
  | { at: string; rule: 'text' }
  | { at: string; rule: 'positive' }
  | { at: string; rule: 'exists' }
  | { at: string; rule: 'has'; value: string }
  /** Equal to the value at another place. */
  | { at: string; rule: 'same'; as: string }
  /** A text of JSON that the schema accepts. */
  | { at: string; rule: 'schema'; schema: JsonMap }
  /** Each value is a list of finite numbers that are not all 0, `dimension` of them, of length 1 where they are normalised. */
  | { at: string; rule: 'vector'; dimension?: number; normalized?: boolean }
  /** Vectors of so many pairs of texts, pair after pair: each is nearer to its partner than to any vector of another pair. */
  | { at: string; rule: 'paired'; pairs: number }
  /**
   * A choice of a chat that calls the function with arguments which its schema accepts; unless forced, one that answers.
   * Arguments are a text of JSON, as OpenAI's clients read them, unless they are told to be an object.
   */
  | { at: string; rule: 'call'; name: string; schema: JsonMap; forced: boolean; argumentsAre?: 'object' }
  /** A message of a chat with its reasoning under one of these names, and no mark of it in the answer. */
  | { at: string; rule: 'apart'; texts: readonly string[]; marks: readonly string[] }
  /** A text in which the word stands by itself, and the other one does not; both are in lower case. */
  | { at: string; rule: 'mentions'; value: string; without?: string }
  /** A text with the words that were said, but for a share of them: substituted, left out or added. */
  | { at: string; rule: 'words'; said: string; errorRate: number }
  /** Of a list of so many items with a score for each, that of item `first` is the highest. */
  | { at: string; rule: 'ranked'; first: number; scoreAt: string; count: number }

export type RuleOf<Name extends JsonCheck['rule']> = Extract<JsonCheck, { rule: Name }>

/** What the answer must be. Streams are read to their end; every event is JSON except the end marker. */
export type Expectation =
  | { type: 'json'; status: number; checks: readonly JsonCheck[] }
  /** `positive` are names of Prometheus series whose values must add up to more than 0. */
  | { type: 'text'; status: number; contains: readonly string[]; positive?: readonly string[] }
  | {
      type: 'event-stream'
      status: number
      endMarker: string | null
      /** Where pieces of the text are, of which there must be several; without a place nobody looks for them. */
      textAt: readonly string[]
      /** Holds of every event that carries text, such as the name of the model. */
      events?: readonly JsonCheck[]
      /** Holds of the answer that the events make up, in the form of one that is not streamed. */
      whole?: readonly JsonCheck[]
    }
  | { type: 'json-lines'; status: number; lastLine: readonly JsonCheck[]; textAt: readonly string[] }

export type ProbeGroup = 'ready' | 'serve' | 'native' | 'metrics' | 'bad-input' | 'recipe'

/** One question to a booted server. A required one that is skipped leaves the image unverified. */
export interface HttpProbe {
  id: string
  group: ProbeGroup
  title: string
  required: boolean
  request: ProbeRequest
  expect: Expectation
  /** Besides, the answers of one of these pairs must differ, and which words say that none does. */
  differs?: Difference
  timeoutSeconds: number
  /** A second question, whose vectors must be those of the first. */
  compare?: Comparison
}

/** Vectors of another answer, each beside one of the first; `within` is the largest distance: 1 less the cosine. */
export interface Comparison {
  request: ProbeRequest
  pairs: readonly { at: string; as: string }[]
  within: number
}

/** Two requests a pair; their answers are compared at one place. */
export interface Difference {
  pairs: readonly (readonly [ProbeRequest, ProbeRequest])[]
  at: string
  otherwise: string
}

/**
 * How a server that was given GPUs shows what it computes on. Patterns are regular expressions in text, tried on every
 * line of its log.
 */
export interface GpuRules {
  /** A line that proves that part of the model is computed on the CPU. */
  cpuLines: readonly string[]
  /** One of these must be there; empty where the engine says nothing. */
  gpuLines: readonly string[]
  /** Asked after all others, only where GPUs were given. */
  probes: readonly HttpProbe[]
  /** A line that names the device: named group `device`. */
  deviceLine?: string
  /** Buffers that the log counts: named groups `device` and `mib`. For devices of which nvidia-smi knows nothing. */
  bufferLines?: string
  /** A driver in the image that computes on the CPU, and the variables that make the server take it where it gets no GPU. */
  software?: { variables: Readonly<Record<string, string>>; source: string }
  /** How it boots without a GPU; absent where nobody has found a way. */
  standIn?: StandIn
}

/** How the server ends when it is told to; `exitCodes` are those of an idle one. */
export interface StopRules {
  signal: 'SIGTERM' | 'SIGINT'
  /** Grace: what run files give it until it is killed. */
  timeoutSeconds: number
  exitCodes: readonly number[]
  /** How it ends while it has something to do; absent where nobody has measured that. */
  busy?: BusyStops
}

export interface BusyStops {
  loading: EndsLoading | DeafLoading
  /** Absent where nothing is streamed. */
  streaming?: EndsAtWork
  /** A request whose answer is not streamed. */
  plain: EndsAtWork
}

export type EndsAtWork =
  | { type: 'ends'; exitCodes: readonly number[] }
  /** It waits for an answer that never comes, until the client hangs up. */
  | { type: 'ends-without-client'; exitCodes: readonly number[]; source: string }

export interface EndsLoading {
  type: 'ends'
  /** What the log says when the model begins to load. */
  line: string
  exitCodes: readonly number[]
  /** It loads nothing until it is asked for an answer. */
  onDemand?: true
}

/** By its nature it does not hear the signal then; `source` says how that is known. Nothing is tried. */
export interface DeafLoading {
  type: 'deaf'
  source: string
}

export type StopOccasion = 'idle' | keyof BusyStops

/** How one engine's server behaves from start to end. */
export interface Behaviour {
  /** Asked again and again until it answers as expected; must generate a token of the named model. */
  readiness: HttpProbe
  probes: readonly HttpProbe[]
  /** Lines of the log that prove a failed start, so that waiting ends early. */
  failureLines: readonly string[]
  /** Absent where the engine says nothing of its device; the memory of the GPUs is looked at in any case. */
  gpu?: GpuRules
  stop: StopRules
  /** Where the answer to a prompt is read from, for the greedy answers of the report. */
  ask: MainQuestion
}

/** The form of a question that makes the server work. */
export interface MainQuestion {
  path: string
  bodyFor: 'openai-chat' | 'openai-completion' | 'openai-embedding' | 'rerank' | 'transcription'
  /** Null where the answer is no text. */
  textAt: string | null
}
