import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { leaksBelow, leaksIn, watchArguments } from './leaks.ts'
import { scratchFolder } from './scratch.ts'

const secret = 'hf_c4nary+Token/4b~='

const planted: [string, string][] = [
  ['as it is', secret],
  ['in a login, as a Basic header holds it', Buffer.from(`me:${secret}`).toString('base64')],
  ['in base64url', Buffer.from(`{"t":"${secret}"}`).toString('base64url')],
  ['in an address', encodeURIComponent(secret)],
  ['in hex', Buffer.from(secret).toString('hex')],
]

test.each(planted)('a token %s is found in plain, gzip and zstd files, and in names', async (_, text) => {
  const folder = await scratchFolder()
  const content = Buffer.from(`${'x'.repeat(100_000)}${text}${'y'.repeat(100_000)}`)
  expect(await leaksBelow(folder, secret)).toEqual({ files: 0, unpacked: 0, leaks: [] })
  await mkdir(join(folder, 'deep'))
  await writeFile(join(folder, 'deep/plain'), content)
  await writeFile(join(folder, 'deep/gz'), gzipSync(content))
  await writeFile(join(folder, 'deep/zst'), zstdCompressSync(content))
  await writeFile(join(folder, 'clean.zst'), zstdCompressSync('nothing'))
  if (!text.includes('/')) await writeFile(join(folder, `name-${text}`), '')
  const { files, unpacked, leaks } = await leaksBelow(folder, secret)
  expect({ files, unpacked }).toEqual({ files: text.includes('/') ? 4 : 5, unpacked: 3 })
  for (const place of ['deep/plain', 'deep/gz', 'deep/zst'])
    expect(leaks.filter((leak) => leak.endsWith(` in ${place}`))).not.toEqual([])
  if (!text.includes('/')) expect(leaks).toContainEqual(expect.stringContaining('the name'))
  expect(leaks.filter((leak) => leak.includes('clean'))).toEqual([])
})

test('a token in the arguments of some process is seen', async () => {
  const stop = await watchArguments()
  const child = spawn('sleep', ['0.3', '0.1', '0.00001'], { argv0: `sleep-${secret}` })
  await once(child, 'close')
  const seen = await stop()
  expect(leaksIn({ arguments: seen.join('\n') }, secret)).toEqual(['plain in arguments'])
})
