import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bootProfiles, nameFiles } from '../../images/boot/runtime-spec.ts'
import type { Digest } from '../../lib/digest.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import type { BootedServer, Runner } from '../../pipelines/boot/runner.ts'
import { type LazyEngine, lazyEngine } from '../../pipelines/process/session.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { type TinyImages, tinyImages } from '../servers/tiny-image.ts'

let folder: string
let store: Store
let registry: Registry
let engine: LazyEngine
let runner: Runner
let tiny: TinyImages
const [hostile] = bootProfiles(['hostile'], 8 * 1024 ** 2)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-dagger-boot-'))
  store = await openStore(join(folder, 'store'))
  registry = await serveStore(store, {})
  tiny = await tinyImages(store)
  engine = lazyEngine(readSettings(process.env), join(folder, 'engine.log'))
  const client = await engine.client()
  runner = daggerRunner({ client, store, registryPort: registry.port, platform: 'linux/amd64' })
})

afterAll(async () => {
  await engine.close()
  await registry.close()
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
})

async function booted<Result>(
  script: string,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  const image: Digest = await tiny(script)
  if (hostile === undefined) throw new Error('no profile')
  return runner.boot({ image, profile: hostile, port: 8080 }, use)
}

async function waitFor(server: BootedServer, word: string): Promise<void> {
  await vi.waitFor(async () => expect(await server.log()).toContain(word), { timeout: 60_000, interval: 200 })
}

test('the machine of the engine is known', async () => {
  const machine = await runner.machine()
  expect(machine).toMatchObject({ runner: 'dagger', version: expect.stringMatching(/^v\d/), gpus: [] })
  expect(machine.cpus).toBeGreaterThan(0)
  expect(machine.memoryBytes).toBeGreaterThan(1e9)
})

test('what a server compiled is listed and taken out of the harness', async () => {
  const script =
    'umask 077; mkdir -p /tmp/triton/AB; echo code > /tmp/triton/AB/k.cubin; touch /tmp/triton/x.lock; echo up; exec sleep 900'
  await booted(script, async (server) => {
    await waitFor(server, 'up')
    const folders = ['/tmp/absent', '/tmp/triton']
    expect(await server.compiledFiles(folders)).toEqual(['tmp/triton/AB/k.cubin'])
    const tar = join(folder, 'compiled.tar')
    await server.saveCompiled(folders, tar)
    const content = execFileSync('tar', ['--extract', '--to-stdout', '--file', tar], { encoding: 'utf8' })
    expect(content).toMatch(/^(flags|Features)\s*:.*\ncode\n$/)
  })
  expect((await runner.machine()).instructions).toMatch(/^[0-9a-f]{16}$/)
})

test('a quiet server: its profile holds and its memory is measured', async () => {
  const script =
    'cat /etc/hosts /etc/resolv.conf; touch /x 2>&1; httpd -p 80 -h /tmp && echo up; sleep 900 & exec sleep 900'
  await booted(script, async (server) => {
    await waitFor(server, 'up')
    expect(await server.log()).toBe(
      `${nameFiles['hosts']}${nameFiles['resolv.conf']}touch: /x: Read-only file system\nup\n`,
    )
    const facts = await server.facts()
    expect(facts).toMatchObject({
      uid: 54321,
      gid: 0,
      noNewPrivileges: true,
      rootReadOnly: true,
      processes: 3,
    })
    expect(facts.capabilities).toEqual(Array(5).fill('0000000000000000'))
    expect(facts).toMatchObject({ outwardPackets: 0, outwardRefused: 0 })
    expect(facts.interfaces.toSorted()).toEqual(['lo', 'nowhere', 'published', 'sink'])
    expect(facts.residentPeakBytes).toBeGreaterThan(100_000)
    expect(await server.exitCode()).toBeNull()
  })
})

test.each([
  [
    'looking up a name',
    'nslookup huggingface.co >/dev/null 2>&1',
    'udp 192.0.2.1:53 look-up of huggingface.co',
  ],
  ['a connection', 'nc -w 1 1.1.1.1 443 </dev/null', 'tcp 1.1.1.1:443'],
])('%s is seen', async (_, attempt, sent) => {
  await booted(`${attempt}; echo done; exec sleep 900`, async (server) => {
    await waitFor(server, 'done')
    const facts = await server.facts()
    expect(facts.outwardPackets).toBeGreaterThan(0)
    expect(new Set(facts.sent)).toEqual(new Set([sent]))
    expect(facts.sent).toHaveLength(facts.outwardPackets ?? 0)
  })
})

test('the port is reached from outside with bodies of any size, and none of it counts as sent outward', async () => {
  const script =
    'mkdir /tmp/www; head -c 9000000 /dev/zero > /tmp/www/big; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
  await booted(script, async (server) => {
    await vi.waitFor(async () => expect(await (await fetch(server.url)).text()).toBe('hello\n'), 60_000)
    expect((await (await fetch(`${server.url}/big`)).arrayBuffer()).byteLength).toBe(9_000_000)
    const many = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(server.url)).text()))
    expect(new Set(many)).toEqual(new Set(['hello\n']))
    expect(await server.listeners()).toEqual([{ address: '::', port: 8080 }])
    expect(await server.facts()).toMatchObject({ outwardPackets: 0, outwardRefused: 0 })
  })
})

test('a server that listens on loopback only is not reached, and it is known why', async () => {
  await booted('echo up; exec httpd -f -p 127.0.0.1:8080 -h /tmp', async (server) => {
    await waitFor(server, 'up')
    const there = [{ address: '127.0.0.1', port: 8080 }]
    await vi.waitFor(async () => expect(await server.listeners()).toEqual(there), 60_000)
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  })
})

test('a log that grows faster than it is read is told all the same', async () => {
  await booted('while :; do seq 1 20000; done & sleep 2; exec sleep 900', async (server) => {
    await waitFor(server, '19999')
    expect((await server.log()).startsWith('1\n2\n3\n')).toBe(true)
  })
})

test('a server that ends is seen with its exit code', async () => {
  await booted('echo no model; exit 3', async (server) => {
    await vi.waitFor(async () => expect(await server.exitCode()).toBe(3), { timeout: 60_000, interval: 200 })
    expect(await server.log()).toBe('no model\n')
  })
})

test('a server that stops when it is told gives its exit code and its time', async () => {
  await booted('trap "sleep 1; exit 7" TERM; echo up; while :; do sleep 0.1; done', async (server) => {
    await waitFor(server, 'up')
    const stopped = await server.stop('SIGTERM', 20)
    expect(stopped.exitCode).toBe(7)
    expect(stopped.waitedMs).toBeGreaterThanOrEqual(900)
  })
})

test('a server that ignores the signal is killed', async () => {
  await booted('trap "" TERM; echo up; while :; do sleep 0.1; done', async (server) => {
    await waitFor(server, 'up')
    expect((await server.stop('SIGTERM', 2)).exitCode).toBeNull()
    await vi.waitFor(async () => expect(await server.exitCode()).toBe(137), 20_000)
  })
})

test('containers that were made before their boots run nothing until then, and end with the rest', async () => {
  if (hostile === undefined) throw new Error('no profile')
  const image = await tiny('echo up; exec sleep 900')
  const [first, second, unused] = Array.from({ length: 3 }, () => ({ image, profile: hostile, port: 8080 }))
  if (first === undefined || second === undefined || unused === undefined) throw new Error('no request')
  const ahead = runner.ahead
  if (ahead === undefined) throw new Error('this runner makes nothing ahead')
  const seen = await ahead([first, second, unused], async () => {
    const times: number[] = []
    for (const request of [first, second]) {
      await runner.boot(request, async (server) => {
        await waitFor(server, 'up')
        times.push(server.aheadMs ?? -1)
        expect(await server.facts()).toMatchObject({ uid: 54321, processes: 1 })
        expect((await server.stop('SIGKILL', 20)).exitCode).toBe(137)
      })
    }
    return times
  })
  expect(seen[0]).toBeGreaterThanOrEqual(0)
  // The second boot was asked for when its container had long been there.
  expect(seen[1]).toBeGreaterThan(0)
  // A request whose container ended with the others gets one of its own.
  await runner.boot(second, async (server) => {
    const stop = { signal: 'SIGKILL', timeoutSeconds: 20, startSeconds: 60, line: 'up' }
    expect((await server.stopOnceSaid(stop))?.exitCode).toBe(137)
  })
})
