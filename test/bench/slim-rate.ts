// How long slimming takes, as a multiple of one read of the same files, both from a cold disk:
// node test/bench/slim-rate.ts FOLDER [sm_90]      changes the files below FOLDER: give it a copy
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { rewriteFiles } from '../../pipelines/slim-tree/rewrite.ts'

const [folder = '', target = 'sm_90'] = process.argv.slice(2)
const files = await librariesBelow(folder)
const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)

await forgetCache()
const readMs = await timed(() => readAll())
await forgetCache()
let freedBytes = 0
const cpuBefore = process.cpuUsage()
const slimMs = await timed(async () => {
  const rewriting = { targets: [target], symbols: true, bytecode: false }
  for await (const file of rewriteFiles(folder, rewriting)) freedBytes += file.gpuCodeBytes + file.symbolBytes
})
const cpu = process.cpuUsage(cpuBefore)
console.log(
  JSON.stringify({
    files: files.length,
    megabytes: Math.round(sizeBytes / 1e6),
    readMs: Math.round(readMs),
    slimMs: Math.round(slimMs),
    multiple: Number((slimMs / readMs).toFixed(2)),
    freedMegabytes: Math.round(freedBytes / 1e6),
    processorMs: Math.round((cpu.user + cpu.system) / 1000),
  }),
)

async function librariesBelow(root: string) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const found = []
  for (const entry of entries.filter((item) => item.isFile() && /\.so(\.|$)/.test(item.name))) {
    const path = join(entry.parentPath, entry.name)
    found.push({ path, sizeBytes: (await lstat(path)).size })
  }
  return found
}

/** One file after the other, as `cat` does. */
async function readAll(): Promise<void> {
  for (const { path } of files)
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 22 })) void chunk
}

/** Out of the page cache, these files alone; what was written must be on the disk before. */
async function forgetCache(): Promise<void> {
  execFileSync('sync', ['-f', folder])
  for (const { path } of files)
    execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await act()
  return performance.now() - began
}
