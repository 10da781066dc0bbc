import {
  type Call,
  type Documented,
  event,
  sendJson,
  sendPieces,
  sendText,
  words,
} from './documented-server.ts'

export const model = 'smollm2-135m-instruct'
const folder = '/models/smollm2-135m-instruct'
const json = 'application/json'
const plain = 'text/plain; charset=utf-8'

const error = (status: number, value: unknown) => ({ status, type: json, body: JSON.stringify(value) })
const nested = (status: number, type: string) =>
  error(status, { error: { message: 'no', type, param: null, code: status } })
const flat = (status: number) =>
  error(status, { object: 'error', message: 'no', type: 'BadRequestError', param: null, code: status })
const detail = (status: number, words: string) => error(status, { detail: words })
/** What the framework answers by itself, under three of the engines. */
const fastApi = { method: detail(405, 'Method Not Allowed'), path: detail(404, 'Not Found') }
const empty = { status: 404, type: plain, body: '' }

const health = {
  'GET /health': ({ response }: { response: Parameters<typeof sendText>[0]['response'] }) =>
    void response.end(),
}
const generated = words.join('')

/** Every event has one token, the last one also the whole text; no event marks the end. */
function tgiStream(call: Call): Promise<void> {
  const events = words.map((text, index) =>
    event({
      index,
      token: { id: index, text, logprob: -1, special: false },
      generated_text: index === words.length - 1 ? generated : null,
      details: null,
    }),
  )
  return sendPieces(call, 'text/event-stream', events)
}

export const documentedEngines = ['vllm', 'tgi', 'sglang', 'tensorrt-llm'] as const

/** Servers that speak as each engine's documentation and source say: written from there, not from the definitions. */
export const servers: Record<(typeof documentedEngines)[number], Documented> = {
  vllm: {
    models: [model],
    nameFor: (asked) => (asked === model ? model : null),
    contextLength: 2048,
    cutsPrompts: false,
    takesNegativeTokens: false,
    errors: {
      malformed: nested(400, 'Bad Request'),
      invalid: nested(400, 'Bad Request'),
      unknownModel: nested(404, 'NotFoundError'),
      tooLong: nested(400, 'BadRequestError'),
      ...fastApi,
    },
    native: {
      ...health,
      'GET /version': (call) => sendJson(call, { version: '0.31.0' }),
      'POST /tokenize': (call) => sendJson(call, { count: 2, max_model_len: 2048, tokens: [1, 2] }),
      'GET /metrics': (call) => sendText(call, 'vllm:num_requests_running{engine="0"} 0.0\n'),
    },
  },
  tgi: {
    models: [folder],
    nameFor: (asked) => (asked === 'tgi' ? folder : asked),
    contextLength: 2048,
    cutsPrompts: false,
    takesNegativeTokens: false,
    errors: {
      malformed: { status: 400, type: plain, body: 'Failed to parse the request body as JSON' },
      invalid: { status: 422, type: plain, body: 'Failed to deserialize the JSON body' },
      unknownModel: empty,
      tooLong: error(422, {
        error: 'Input validation error: `inputs` must have less',
        error_type: 'validation',
      }),
      method: { status: 405, type: plain, body: '' },
      path: empty,
    },
    native: {
      ...health,
      'GET /info': (call) =>
        sendJson(call, {
          model_id: folder,
          model_sha: null,
          max_input_tokens: 1024,
          max_total_tokens: 2048,
          version: '3.3.7',
        }),
      'POST /': (call) =>
        call.body['stream'] === true ? tgiStream(call) : sendJson(call, [{ generated_text: generated }]),
      'POST /generate': (call) => sendJson(call, { generated_text: generated }),
      'POST /generate_stream': tgiStream,
      'GET /metrics': (call) => sendText(call, 'tgi_request_count 1\n'),
    },
  },
  sglang: {
    models: [model],
    nameFor: () => model,
    contextLength: 2048,
    cutsPrompts: false,
    takesNegativeTokens: false,
    errors: {
      malformed: flat(400),
      invalid: flat(400),
      unknownModel: flat(400),
      tooLong: flat(400),
      ...fastApi,
    },
    native: {
      ...health,
      'POST /generate': (call) =>
        call.body['stream'] === true
          ? sendPieces(call, 'text/event-stream', [
              ...words.map((_, index) => event({ text: words.slice(0, index + 1).join(''), meta_info: {} })),
              event('[DONE]'),
            ])
          : sendJson(call, { text: generated, meta_info: { prompt_tokens: 3, completion_tokens: 4 } }),
      'GET /get_model_info': (call) =>
        sendJson(call, { model_path: folder, tokenizer_path: folder, is_generation: true }),
      'GET /metrics': (call) => sendText(call, 'sglang:num_running_reqs 0\n'),
    },
  },
  'tensorrt-llm': {
    models: [model],
    nameFor: () => model,
    contextLength: 2048,
    cutsPrompts: false,
    takesNegativeTokens: false,
    errors: {
      malformed: error(400, { error: 'JSON decode error' }),
      invalid: error(400, { error: 'Field required' }),
      unknownModel: flat(400),
      tooLong: flat(400),
      ...fastApi,
    },
    native: {
      ...health,
      'GET /health_generate': (call) => sendText(call, 'Generation health check OK'),
      'GET /version': (call) => sendJson(call, { version: '1.2.1' }),
      'GET /metrics': (call) => sendJson(call, []),
    },
  },
}
