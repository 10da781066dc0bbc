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
  const entries = (await listTar(inPieces(tar, 777))).map((entry) => ({
    ...entry,
    path: entry.path.replace(/^\.\//, ''),
  }))
  const files = entries.filter((entry) => entry.type === 'file')
  expect(entries.filter(({ type }) => type === 'link')).toEqual([
    { type: 'link', path: 'link', target: 'config.json' },
  ])
  expect(files.map(({ path }) => path).sort()).toEqual(Object.keys(contents).sort())
  for (const { path, sizeBytes, offset, sha256: hash } of files) {
    expect(tar.subarray(offset, offset + sizeBytes).equals(contents[path] ?? Buffer.alloc(0))).toBe(true)
    expect(hash).toBe(sha256(contents[path] ?? ''))
  }
})

test('hard links, sparse files, pipes and long targets of links are told apart', async () => {
  const folder = await scratchFolder()
  const target = `${'far/'.repeat(40)}away`
  execFileSync('bash', [
    '-ceu',
    `cd "$1"; printf one > a; ln a b; mkfifo p; ln -s "$2" l
     for hole in 1 2 3 4 5 6 7 8 9; do printf data | dd of=s bs=64k seek=$((hole * 2)) conv=notrunc status=none; done; printf z > z`,
    '-',
    folder,
    target,
  ])
  for (const format of ['gnu', 'pax']) {
    const options = [`--format=${format}`, '--sparse', '--sort=name', '-cf', '-', '-C', folder, '.']
    const entries = await listTar(inPieces(execFileSync('tar', options, { maxBuffer: 1e8 }), 999))
    expect(entries.map(({ path, type }) => `${path.replace(/^(\.\/)?/, '')} ${type}`)).toEqual([
      ' folder',
      'a file',
      'b hard-link',
      'l link',
      'p other',
      's other',
      'z file',
    ])
    expect(entries[3]).toMatchObject({ target })
    expect(entries[5]).toMatchObject({ kind: 'a sparse file of an archive' })
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
