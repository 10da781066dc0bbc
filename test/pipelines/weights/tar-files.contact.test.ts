import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listTar } from '../../../pipelines/weights/tar-files.ts'
import { scratchFolder } from '../../scratch.ts'
import { sampleBytes, sha256 } from './samples.ts'

const long = `${'folder/'.repeat(20)}model.safetensors`

async function tarOf(format: string): Promise<{ tar: Buffer; contents: Record<string, Buffer> }> {
  const folder = await scratchFolder()
  const contents: Record<string, Buffer> = {
    'config.json': Buffer.from('{}'),
    empty: Buffer.alloc(0),
    'sub/block': sampleBytes(512, 'block'),
    ...(format === 'v7' ? {} : { [long]: sampleBytes(70_000, 'long'), 'ü 1.json': Buffer.from('[]') }),
  }
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await symlink('config.json', join(folder, 'link'))
  const tar = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', folder, '.'], { maxBuffer: 1e8 })
  return { tar, contents }
}

async function* inPieces(bytes: Buffer, sizeBytes: number) {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes)
}

test.each(['gnu', 'pax', 'ustar', 'v7'])('files of a %s archive are stretches of it', async (format) => {
  const { tar, contents } = await tarOf(format)
  const { files, others } = await listTar(inPieces(tar, 777))
  expect(others).toEqual(['link'])
  expect(files.map(({ path }) => path).sort()).toEqual(Object.keys(contents).sort())
  for (const { path, sizeBytes, offset, sha256: hash } of files) {
    expect(tar.subarray(offset, offset + sizeBytes).equals(contents[path] ?? Buffer.alloc(0))).toBe(true)
    expect(hash).toBe(sha256(contents[path] ?? ''))
  }
})

test.each<[string, (tar: Buffer) => Buffer, string]>([
  ['cut inside a file', (tar) => tar.subarray(0, tar.length - 12_000), 'it was cut'],
  ['no tar', () => sampleBytes(2000, 'noise'), 'no tar'],
  ['compressed', () => Buffer.concat([Buffer.from([0x1f, 0x8b]), sampleBytes(2000, 'gz')]), 'no tar'],
])('an archive that is %s is told so', async (_, change, words) => {
  const { tar } = await tarOf('gnu')
  await expect(listTar(inPieces(change(tar), 4096))).rejects.toThrow(words)
})
