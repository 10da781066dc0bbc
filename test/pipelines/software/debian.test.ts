import { expect, test } from 'vitest'
import { parsePrintedUris } from '../../../pipelines/software/debian.ts'

test('printed addresses become packages without an address, sorted by name', () => {
  const sha = 'a'.repeat(64)
  const listing = [
    `'http://mirror/pool/w/wget/wget_1.25.0-3_amd64.deb' wget_1.25.0-3_amd64.deb 984528 SHA256:${sha}`,
    `'http://mirror/pool/l/llama.cpp/libllama0_0.7.0%2bdfsg-2_amd64.deb' libllama0_1%3a0.7.0+dfsg-2_amd64.deb 12 SHA256:${sha}`,
    'Reading package lists...',
  ].join('\n')
  expect(parsePrintedUris(listing)).toEqual([
    { name: 'libllama0', version: '1:0.7.0+dfsg-2', architecture: 'amd64', sizeBytes: 12, sha256: sha },
    { name: 'wget', version: '1.25.0-3', architecture: 'amd64', sizeBytes: 984528, sha256: sha },
  ])
})

test('a line without a sha256 is no package', () => {
  expect(parsePrintedUris("'http://m/a_1_all.deb' a_1_all.deb 1 MD5Sum:00")).toEqual([])
})
