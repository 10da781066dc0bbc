import { downloadFile } from '@huggingface/hub'
import { expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { hubError, hubOf } from '../../../pipelines/weights/hub-access.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

test("the Hub's own library gets bytes as they are, whole and by range, with the token", async () => {
  const bytes = sampleBytes(100_000, 'library')
  const server = await startHub([
    repoOf('acme/tiny', { 'model.gguf': bytes }, { gated: 'auto', tokens: ['hf_t'], access: ['hf_t'] }),
  ])
  onTestFinished(() => server.close())
  const context = contextFor({ HF_ENDPOINT: server.url, HF_TOKEN: 'hf_t' })
  const { fetch, close } = openConnection(context.settings.proxies)
  onTestFinished(close)
  const { access } = await hubOf('acme/tiny', undefined, { ...context, fetch })
  const blob = await downloadFile({ repo: 'acme/tiny', path: 'model.gguf', xet: false, ...access })
  const part = await blob?.slice(50_000, 50_100).arrayBuffer()
  expect(sha256(new Uint8Array(part ?? new ArrayBuffer()))).toBe(sha256(bytes.subarray(50_000, 50_100)))
  expect(sha256(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer()))).toBe(sha256(bytes))
})

const place = { repo: 'acme/tiny', endpoint: 'https://hub.example', token: undefined }

test.each([
  [429, { ratelimit: '"api";r=0;t=55' }, 55_000],
  [429, { 'retry-after': '7', ratelimit: '"api";r=0;t=55' }, 7000],
  [503, {}, undefined],
])('status %i with %j is worth waiting for', (status, headers, ms) => {
  const error = hubError(place, { status, headers: new Headers(headers as Record<string, string>) })
  expect(error).toMatchObject({ code: 'network', retryAfterMs: ms })
  expect(error.failure.found).toBe(
    `the Hub answered ${status}${ms === undefined ? '' : `, and asks to be left alone for ${ms / 1000} s`}`,
  )
})

test('a time that nobody can mean is not counted out', () => {
  const error = hubError(place, { status: 503, headers: new Headers({ 'retry-after': '9'.repeat(20) }) })
  expect(error.failure.found).toMatch(/for more than a day$/)
})
