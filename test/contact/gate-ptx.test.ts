import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bootProfiles } from '../../images/boot/runtime-spec.ts'
import { type CacheReading, judgePtx } from '../../images/gate/ptx.ts'
import { watchComputeCache } from '../../pipelines/gate/watch.ts'
import { type PodmanStore, podmanStore } from '../e2e/podman-place.ts'
import { boot } from '../images/report-sample.ts'

/** No GPU is here: a program writes the files that a driver was seen to write, in real containers. */
let place: PodmanStore
let runner: PodmanStore['runner']
let tiny: PodmanStore['tiny']

beforeAll(async () => {
  place = await podmanStore(null)
  ;({ runner, tiny } = place)
})

afterAll(async () => {
  await runner.close()
  await place.close()
})

const profiles = bootProfiles(['hostile', 'plain'], 8 * 1024 ** 2)

/** Boots once under every profile a server that leaves these files in the cache, as the gate does. */
async function readingsOf(script: string, variables = 'CUDA_CACHE_PATH=/tmp/nv'): Promise<CacheReading[]> {
  const program = `umask 077; ${script}; echo done; exec sleep 600`
  const image = await tiny(`export ${variables}; exec /bin/busybox sh -c '${program}'`)
  const readings: CacheReading[] = []
  const watched = watchComputeCache(runner, (reading) => readings.push(reading))
  for (const profile of profiles)
    await watched.boot({ image, profile, port: 8080 }, async (server) => {
      await vi.waitFor(async () => expect(await server.log()).toContain('done'), 30_000)
      await server.stop('SIGKILL', 5)
    })
  return readings
}

const module = (name: string, size: number) =>
  `mkdir -p /tmp/nv/$(dirname ${name}); head -c ${size} /dev/zero > /tmp/nv/${name}; echo index > /tmp/nv/index`

const judge = (stock: CacheReading[], slim: CacheReading[]) => {
  const boots = profiles.map(() => boot())
  return judgePtx({ boots, caches: stock }, { boots, caches: slim }, { targets: ['sm_89'], cut: [] })
}

test('the cache of a container is read from outside, whoever wrote it and however closed it is', async () => {
  const readings = await readingsOf(`${module('0/7/e0943a', 3000)}; ${module('f/1/22', 10)}`)
  expect(readings).toHaveLength(3)
  for (const reading of readings) {
    expect(reading).toMatchObject({ type: 'read', compilerLoaded: false })
    const modules = reading.type === 'read' ? reading.modules : []
    expect(modules.toSorted((a, b) => b.sizeBytes - a.sizeBytes)).toEqual([
      { name: '0/7/e0943a', sizeBytes: 3000 },
      { name: 'f/1/22', sizeBytes: 10 },
    ])
  }
})

test('every boot begins with an empty cache, and more in the slimmed image fails', async () => {
  const [nothing, one, two] = [
    await readingsOf('true'),
    await readingsOf(module('0/7/a', 100)),
    await readingsOf(`${module('0/7/a', 100)}; ${module('0/8/b', 20)}`),
  ]
  expect(nothing.map((reading) => reading.type === 'read' && reading.modules)).toEqual([[], [], []])
  expect(judge(two, one)).toMatchObject({ status: 'passed' })
  const part = judge(one, two)
  expect(part.status).toBe('failed')
  expect(part.found).toMatch(/1 module \(20 B\) with it alone$/)
})

test('a cache that is off, or outside of what is fresh, is not known', async () => {
  const off = await readingsOf('true', 'CUDA_CACHE_DISABLE=1 CUDA_CACHE_PATH=/tmp/nv')
  const elsewhere = await readingsOf('true', 'CUDA_CACHE_PATH=/bin/nv')
  expect([...off, ...elsewhere].map(({ type }) => type)).toEqual(Array(6).fill('unknown'))
  expect(judge(off, elsewhere).status).toBe('not run')
})
