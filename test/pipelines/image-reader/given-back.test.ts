import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { listLayer } from '../../../pipelines/image-reader/layer.ts'
import { listTar } from '../../../pipelines/weights/tar-files.ts'
import { unpack } from '../../../pipelines/weights/unpack.ts'

// A file or a connection whose reader stops in the middle stays open, and Node ends the process for it once it is collected.

/** Chunks without an end, and whether whoever read them gave them back. */
function source(chunk: Uint8Array) {
  const state = { isOpen: false }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    state.isOpen = true
    try {
      for (;;) yield chunk
    } finally {
      state.isOpen = false
    }
  }
  return { chunks: chunks(), state }
}

const noTar = Buffer.alloc(4096, 'x')
const layer = (chunks: AsyncIterable<Uint8Array>) => listLayer(chunks, { what: 'a layer', scratch: null })

test.each([
  ['a layer that is no tar', layer, noTar],
  ['a layer whose gzip is no tar', layer, gzipSync(noTar)],
  ['a layer of xz', layer, Buffer.from('fd377a585a0000', 'hex')],
  ['a tar of weights that is none', listTar, noTar],
  ['weights of xz', unpack, Buffer.from('fd377a585a0000', 'hex')],
] as const)('%s is given back', async (_, read, chunk) => {
  const { chunks, state } = source(chunk)
  await expect(read(chunks)).rejects.toThrow()
  expect(state.isOpen).toBe(false)
})
