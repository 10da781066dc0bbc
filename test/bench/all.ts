import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join, resolve } from 'node:path'

// npm run bench: the times that users wait for, each as a ratio of two things that one run measures. All of it is printed, and written to
// .ingot/bench.txt. On a quiet machine it takes some minutes.

const size = ['--size', '2GB', '--no-crane']
const rows: { what: string; program: string; args: readonly string[] }[] = [
  { what: 'builds and verifications beside those of another commit', program: 'beside.ts', args: [] },
  { what: 'packing weights from a folder', program: 'weights.ts', args: size },
  { what: 'packing weights from a Hub', program: 'weights.ts', args: [...size, '--source', 'hub'] },
]

const folder = resolve(import.meta.dirname, '../../.ingot')
await mkdir(folder, { recursive: true })
const file = createWriteStream(join(folder, 'bench.txt'))

function tell(text: string | Buffer): void {
  process.stdout.write(text)
  file.write(text)
}

tell(`${new Date().toISOString()}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`)
for (const { what, program, args } of rows) {
  tell(`\n${what}: node test/bench/${[program, ...args].join(' ')}\n`)
  const child = spawn(process.execPath, [join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.on('data', tell)
  const [code] = await once(child, 'close')
  if (code === 0) continue
  tell(`ended with ${code}\n`)
  process.exitCode = 1
}
file.end()
