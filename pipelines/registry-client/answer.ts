import type { ClientRequest, IncomingMessage } from 'node:http'
import { publicUrl } from '../network/address.ts'
import { PublishError } from './error.ts'

/** Answers to a publisher are small: manifests, tokens, errors. Header names are in lower case. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  bytes: Uint8Array
}

// Above any manifest: registries refuse those over 4 MiB.
const answerLimitBytes = 8 * 1024 * 1024

/** The whole answer to a request, or what ended the connection before. */
export function answerOf(request: ClientRequest, url: string, onBytes: () => void): Promise<WireAnswer> {
  const answer = new Promise<WireAnswer>((resolve, reject) => {
    let hasBegun = false
    request.once('response', (incoming) => {
      hasBegun = true
      readAnswer(incoming, url, onBytes).then(resolve, reject)
    })
    request.on('error', reject)
    request.once('close', () => {
      // From then on the answer's own stream says how it ended.
      if (!hasBegun) reject(new Error('the connection ended without an answer'))
    })
  })
  // The sender may see the same end first.
  answer.catch(() => {})
  return answer
}

async function readAnswer(incoming: IncomingMessage, url: string, onBytes: () => void): Promise<WireAnswer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of incoming) {
    onBytes()
    // Without an encoding, chunks are buffers.
    const bytes = chunk as Buffer
    sizeBytes += bytes.byteLength
    if (sizeBytes > answerLimitBytes) throw tooLarge(url)
    chunks.push(bytes)
  }
  const headers = Object.entries(incoming.headers).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  return {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    bytes: Buffer.concat(chunks),
  }
}

function tooLarge(url: string): PublishError {
  return new PublishError('bad-answer', {
    attempted: `read the answer of ${publicUrl(url)}`,
    found: `it is larger than ${answerLimitBytes} bytes`,
    hint: 'check that the address is that of a registry',
  })
}
