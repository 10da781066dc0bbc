import { setTimeout as sleep } from 'node:timers/promises'
import {
  chatAnswer,
  chunk,
  endMarker,
  type Handler,
  model,
  type Routes,
  sendJson,
  streamWords,
  type TinyServer,
  words,
} from './openai.ts'

const chat = 'POST /v1/chat/completions'

/** Whole answers as usual, streams as given. */
function streaming(stream: Handler): Routes {
  return {
    [chat]: (asked, response) =>
      asked.body.stream ? stream(asked, response) : sendJson(response, 200, chatAnswer()),
  }
}

/** The first answer is good, so that the server counts as ready; the next ones are as given. */
function onceReady(then: Handler): Routes {
  let answers = 0
  return {
    [chat]: (asked, response) =>
      answers++ === 0 ? sendJson(response, 200, chatAnswer()) : then(asked, response),
  }
}

export function rubbish(): Routes {
  const page: Handler = (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>It works!</html>')
  return { default: page, [chat]: page, 'GET /health': page, 'GET /v1/models': page }
}

export function wrongShape(): Routes {
  return { [chat]: (_, response) => sendJson(response, 200, { hello: 'world' }) }
}

export function noEndMarker(): Routes {
  return streaming((_, response) => streamWords(response, ''))
}

/** Says in the middle of a good stream that something went wrong, as engines do after their status is out. */
export function errorInStream(): Routes {
  return streaming((_, response) => streamWords(response, 'data: {"error": oops\n\n'))
}

export function onePiece(): Routes {
  return streaming((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(chunk(words.join('')) + endMarker)
  })
}

/** Writes the events of a stream only once all of them are there. */
export function heldBack(): Routes {
  return streaming(async (_, response) => {
    await sleep(50)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(words.map((word) => chunk(word)).join('') + endMarker)
  })
}

export function emptyStream(): Routes {
  return streaming((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(endMarker)
  })
}

export function silent(): Routes {
  return onceReady(() => undefined)
}

export function stalls(): Routes {
  return onceReady((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"object": "chat.comp')
  })
}

export function breaksOff(): Routes {
  return onceReady(async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"object": "chat.comp')
    await sleep(20)
    response.destroy()
  })
}

export function neverAnswers(): Routes {
  return { [chat]: () => undefined }
}

/** The first question gets lost, as on a connection made while the port opens; the server is good all the same. */
export function losesFirst(): Routes {
  let answers = 0
  return {
    [chat]: (asked, response) => {
      if (answers++ === 0) return
      return asked.body.stream ? streamWords(response, endMarker) : sendJson(response, 200, chatAnswer())
    },
  }
}

export function diesAfterReady(server: TinyServer): Routes {
  return onceReady((_, response) => {
    server.log += 'Segmentation fault\n'
    server.die(139)
    response.destroy()
  })
}

export function exitsAtStart(server: TinyServer): Routes {
  server.log += 'error loading model: wrong magic\n'
  server.die(1)
  return {}
}

export function saysItFailed(server: TinyServer): Routes {
  server.log += 'E failed to load model\n'
  return { [chat]: (_, response) => sendJson(response, 503, { error: { message: 'Loading model' } }) }
}

export function wantsKey(status: number): () => Routes {
  return () => ({
    [chat]: (_, response) => sendJson(response, status, { error: { message: 'Invalid API Key' } }),
  })
}

export function otherModel(): Routes {
  return { [chat]: (_, response) => sendJson(response, 200, chatAnswer('another')) }
}

export function otherModelInStream(): Routes {
  return streaming((_, response) => streamWords(response, endMarker, 'another'))
}

export function otherModelInList(): Routes {
  return {
    'GET /v1/models': (_, response) => sendJson(response, 200, { object: 'list', data: [{ id: 'another' }] }),
  }
}

export function healthWithoutTokens(): Routes {
  return { [chat]: (_, response) => sendJson(response, 200, chatAnswer(model, 0)) }
}

export function redirects(): Routes {
  return { 'GET /v1/models': (_, response) => void response.writeHead(307, { location: '/login' }).end() }
}

export function huge(): Routes {
  return {
    'GET /v1/models': async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const block = Buffer.alloc(1024 * 1024, ' ')
      for (let count = 0; count < 24 && !response.destroyed; count++) {
        response.write(block)
        await sleep(1)
      }
      response.end()
    },
  }
}

export function wrongType(): Routes {
  return {
    'GET /v1/models': (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/plain' })
        .end(JSON.stringify({ object: 'list', data: [{ id: model }] })),
  }
}

export function loadsAtFirst(refusals: number): Routes {
  let asked = 0
  return {
    [chat]: ({ body }, response) => {
      if (asked++ < refusals) return sendJson(response, 503, { error: { message: 'Loading model' } })
      return body.stream ? streamWords(response, endMarker) : sendJson(response, 200, chatAnswer())
    },
  }
}
