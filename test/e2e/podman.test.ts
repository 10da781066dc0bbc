import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bootProfiles, nameFiles } from '../../images/boot/runtime-spec.ts'
import type { Digest } from '../../lib/digest.ts'
import type { BootedServer } from '../../pipelines/boot/runner.ts'
import { type PodmanStore, podmanStore } from './podman-place.ts'

let place: PodmanStore
let runner: PodmanStore['runner']
let tiny: PodmanStore['tiny']
const [hostile] = bootProfiles(['hostile'], 8 * 1024 ** 2)

beforeAll(async () => {
  place = await podmanStore(64 * 1024 ** 2)
  ;({ runner, tiny } = place)
})

afterAll(() => place.close())

async function booted<Result>(
  image: Digest,
  use: (server: BootedServer) => Promise<Result>,
  mounts: { image: Digest; path: string }[] = [],
): Promise<Result> {
  if (hostile === undefined) throw new Error('no profile')
  return runner.boot({ image, profile: hostile, port: 8080, mounts }, use)
}

/** What a script printed until it said `done`. */
async function said(script: string): Promise<string[]> {
  return booted(await tiny(`${script}; echo done; exec sleep 600`), async (server) => {
    await vi.waitFor(async () => expect(await server.log()).toContain('done'), 30_000)
    return (await server.log()).trim().split('\n').slice(0, -1)
  })
}

test('the image that runs is the one of the store, by digest', async () => {
  const image = await tiny('exec sleep 600')
  await booted(image, async () => {
    expect(await place.podman('ps', '--format', '{{.Image}}')).toBe(
      `127.0.0.1:${place.registry.port}/ingot@${image}`,
    )
    expect(await place.podman('images', '--format', '{{.Digest}}')).toContain(image)
  })
})

test('the profile holds inside: user, root, places to write, capabilities, network, memory', async () => {
  const lines = await said(
    [
      // The sink comes right after the start.
      'sleep 2; id -u; id -g',
      'grep -c 54321 /etc/passwd 2>/dev/null || echo no entry',
      'touch /x 2>&1; touch /run/x 2>&1; touch /var/tmp/x 2>&1',
      'printf "#!/bin/sh\\necho ran" > /tmp/program; chmod +x /tmp/program; /tmp/program',
      'grep -E "^(CapEff|NoNewPrivs)" /proc/self/status',
      'ls /sys/class/net',
      'httpd -p 80 -h /tmp && echo may listen on 80',
      'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2',
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null',
    ].join('; '),
  )
  expect(lines).toEqual([
    '54321',
    '0',
    'no entry',
    'touch: /x: Read-only file system',
    expect.stringMatching(/^touch: \/run\/x: (Read-only file system|No such file or directory)$/),
    expect.stringMatching(/^touch: \/var\/tmp\/x: (Read-only file system|No such file or directory)$/),
    'ran',
    'CapEff:\t0000000000000000',
    'NoNewPrivs:\t1',
    'lo',
    'nowhere',
    'published',
    'sink',
    'may listen on 80',
    '8192',
    String(64 * 1024 ** 2),
  ])
})

test('facts from outside agree', async () => {
  await booted(await tiny('sleep 500 & exec sleep 600'), async (server) => {
    const facts = await server.facts()
    expect(facts).toMatchObject({ uid: 54321, gid: 0, noNewPrivileges: true, rootReadOnly: true })
    expect(facts.capabilities).toEqual(Array(5).fill('0000000000000000'))
    expect(facts).toMatchObject({ outwardPackets: 0, outwardRefused: 0, processes: 2 })
    expect(facts.cgroupPeakBytes).toBeGreaterThan(100_000)
    expect(facts.residentPeakBytes).toBeGreaterThan(100_000)
    expect(await server.exitCode()).toBeNull()
  })
})

test.each([
  ['looking up a name', 'nslookup huggingface.co >/dev/null 2>&1'],
  ['a connection', 'nc -w 1 1.1.1.1 443 </dev/null'],
])('%s is seen', async (_, attempt) => {
  await booted(await tiny(`sleep 1; ${attempt}; echo done; exec sleep 600`), async (server) => {
    await vi.waitFor(async () => expect(await server.log()).toContain('done'), 30_000)
    const { outwardPackets, outwardRefused } = await server.facts()
    expect((outwardPackets ?? 0) + (outwardRefused ?? 0)).toBeGreaterThan(0)
  })
})

test('it is given names of its own, and a name server behind the sink', async () => {
  const lines = await said('cat /etc/hosts /etc/resolv.conf; hostname')
  expect(`${lines.join('\n')}\n`).toBe(`${nameFiles['hosts']}${nameFiles['resolv.conf']}ingot\n`)
})

test('the port is reached though the container has no network, with bodies of any size', async () => {
  const image = await tiny(
    'mkdir /tmp/www; head -c 9000000 /dev/zero > /tmp/www/big; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www',
  )
  await booted(image, async (server) => {
    await vi.waitFor(async () => expect(await (await fetch(server.url)).text()).toBe('hello\n'), 30_000)
    expect((await (await fetch(`${server.url}/big`)).arrayBuffer()).byteLength).toBe(9_000_000)
    const many = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(server.url)).text()))
    expect(new Set(many)).toEqual(new Set(['hello\n']))
    expect(await server.facts()).toMatchObject({ outwardPackets: 0, outwardRefused: 0 })
  })
})

test('a server that listens on loopback only is not reached, and it is known why', async () => {
  await booted(await tiny('sleep 1; exec httpd -f -p 127.0.0.1:8080 -h /tmp'), async (server) => {
    const there = [{ address: '127.0.0.1', port: 8080 }]
    await vi.waitFor(async () => expect(await server.listeners()).toEqual(there), 30_000)
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  })
})

test('a server that ends is seen with its exit code, and its port is closed', async () => {
  await booted(await tiny('echo no model; exit 3'), async (server) => {
    await vi.waitFor(async () => expect(await server.exitCode()).toBe(3), 10_000)
    expect(await server.log()).toBe('no model\n')
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
    expect((await server.facts()).uid).toBeNull()
  })
})

test('a server that stops when it is told gives its exit code', async () => {
  await booted(await tiny('trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'), async (server) => {
    await vi.waitFor(async () => expect(await server.log()).toContain('up'), 10_000)
    expect(await server.stop('SIGTERM', 20)).toMatchObject({ exitCode: 0 })
  })
})

test('a server that ignores the signal is killed in time', async () => {
  await booted(await tiny('trap "" TERM; echo up; while :; do sleep 0.1; done'), async (server) => {
    await vi.waitFor(async () => expect(await server.log()).toContain('up'), 10_000)
    const stopped = await server.stop('SIGTERM', 2)
    expect(stopped.exitCode).toBeNull()
    expect(stopped.waitedMs).toBeGreaterThanOrEqual(2000)
    expect(await server.exitCode()).toBe(137)
  })
})

test('a folder of another image is mounted where the server expects it', async () => {
  const weights = await tiny('exit 0')
  const image = await tiny('ls -d /bin/busybox; touch /bin/x 2>&1; echo done; exec sleep 600')
  await booted(
    image,
    async (server) => {
      await vi.waitFor(async () => expect(await server.log()).toContain('done'), 10_000)
      expect(await server.log()).toBe('/bin/busybox\ntouch: /bin/x: Read-only file system\ndone\n')
      expect(
        await place.podman('inspect', '--latest', '--format', '{{range .Mounts}}{{.Destination}} {{end}}'),
      ).toContain('/bin')
    },
    [{ image: weights, path: '/bin' }],
  )
})

test('nothing is left: no container when a use fails, no image after the end', async () => {
  const failing = booted(await tiny('exec sleep 600'), () => Promise.reject(new Error('stop here')))
  await expect(failing).rejects.toThrow('stop here')
  expect(await place.podman('ps', '--all', '--quiet')).toBe('')
  await runner.close()
  expect(await place.podman('images', '--quiet')).toBe('')
})
