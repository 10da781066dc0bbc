import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomNumbers } from '../../images/load/random.ts'
import { mediaTypes } from '../../images/oci/oci.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { openFaultProxy } from '../pipelines/publish/fault-proxy.ts'
import { runSeeds, tally, wrongOutcomes } from '../pipelines/publish/fault-runs.ts'
import { imageOf, inspectTag } from '../pipelines/publish/images.ts'
import { openPlace, type Place, publishTo } from '../pipelines/publish/place.ts'
import { toolPath } from '../tools/find.ts'

const run = promisify(execFile)
const password = 'sesame-0451'
const authorization = `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`
let place: Place
let open: DebianRegistry
let locked: DebianRegistry

beforeAll(async () => {
  place = await openPlace()
  open = await startDebianRegistry()
  locked = await startDebianRegistry(password)
})

afterAll(async () => {
  await Promise.all([place.close(), open.close(), locked.close()])
})

describe('Debian’s docker-registry', () => {
  test('the digest there is the digest here, for its own clients too', async () => {
    const root = await imageOf(place.store, [{ seed: 'digest', sizeBytes: 3_000_000 }])
    await publishTo({ store: place.store, root, tags: ['v1'], to: `${open.host}/digest` })
    const [crane, skopeo] = [toolPath('crane'), toolPath('skopeo')]
    expect((await run(crane, ['digest', `${open.host}/digest:v1`])).stdout.trim()).toBe(root.digest)
    const inspected = await run(skopeo, ['inspect', '--tls-verify=false', `docker://${open.host}/digest:v1`])
    expect(JSON.parse(inspected.stdout).Digest).toBe(root.digest)
    await run(crane, ['validate', '--fast', '--remote', `${open.host}/digest:v1`])
  })

  test('with a login by htpasswd, from Docker’s file', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ingot-home-'))
    await mkdir(join(home, '.docker'))
    const auth = authorization.slice('Basic '.length)
    await writeFile(join(home, '.docker/config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }))
    const root = await imageOf(place.store, [{ seed: 'locked', sizeBytes: 1_000_000 }])
    const to = `${locked.host}/locked`
    await expect(publishTo({ store: place.store, root, tags: ['v1'], to })).rejects.toMatchObject({
      code: 'unauthorized',
    })
    await publishTo({ store: place.store, root, tags: ['v1'], to, environment: { HOME: home } })
    const found = await inspectTag(locked.origin, 'locked', 'v1', { authorization })
    expect(found).toEqual({ state: 'complete', digest: root.digest })
    await rm(home, { recursive: true })
  })

  test('blobs of another repository are mounted: no byte is sent twice', async () => {
    const root = await imageOf(place.store, [{ seed: 'mounted', sizeBytes: 2_000_000 }])
    await publishTo({ store: place.store, root, tags: ['v1'], to: `${open.host}/team-a/model` })
    const proxy = await openFaultProxy({ upstream: open.origin })
    const done = await publishTo({
      store: place.store,
      root,
      tags: ['v1'],
      to: `${proxy.host}/team-b/model`,
      sourcesOf: () => ['team-a/model'],
    })
    expect(done).toMatchObject({ sentBytes: 0, uploadedBytes: 0, presentBytes: 0 })
    expect(done.mountedBytes).toBeGreaterThan(2_000_000)
    const sent = proxy.seen.filter(({ path }) => path.includes('/blobs/')).map(({ bodyBytes }) => bodyBytes)
    expect(sent.reduce((sum, size) => sum + size, 0)).toBe(0)
    expect((await inspectTag(open.origin, 'team-b/model', 'v1')).state).toBe('complete')
    await proxy.close()
  })

  test('what is known about an image is found by oras’ and cosign’s fallback tag', async () => {
    const root = await imageOf(place.store, [{ seed: 'subject', sizeBytes: 1_000 }])
    const known = await imageOf(place.store, [{ seed: 'knowledge', sizeBytes: 500 }])
    const referrers = [{ subject: root.digest, manifest: known }]
    await publishTo({ store: place.store, root, tags: ['v1'], to: `${open.host}/known`, referrers })
    await publishTo({ store: place.store, root, tags: ['v1'], to: `${open.host}/known`, referrers })
    const list = await fetch(`${open.origin}/v2/known/manifests/${root.digest.replace(':', '-')}`, {
      headers: { accept: mediaTypes.index },
    })
    expect(await list.json()).toMatchObject({ manifests: [{ digest: known.digest }] })
  })
})

describe('faults', () => {
  const count = 120
  test.each([
    ['our own registry', () => place.registry.url, 1000],
    ['Debian’s docker-registry', () => open.origin, 2000],
  ])(`${count} publishes to %s with injected faults: no wrong outcome`, async (name, origin, first) => {
    const outcomes = await runSeeds(first, count, { store: place.store, origin: origin() })
    const faults = outcomes.flatMap((outcome) => outcome.faults)
    const results = tally(outcomes.map(({ result }) => result))
    console.log(
      `${name}: ${faults.length} faults ${JSON.stringify(tally(faults))}; ${JSON.stringify(results)}`,
    )
    expect(wrongOutcomes(outcomes)).toEqual([])
    // The matrix must have bitten: faults of every kind, most of them overcome and some not.
    expect(new Set(faults).size).toBe(7)
    expect(faults.length).toBeGreaterThan(200)
    expect(results['published']).toBeGreaterThan(count / 2)
    expect(results['published']).toBeLessThan(count)
  })

  test('kill -9 at 20 random moments: the tag is absent or whole, and the next run finishes', async () => {
    const random = randomNumbers(9)
    let killed = 0
    const script = join(import.meta.dirname, '../pipelines/publish/publish-process.ts')
    for (let round = 0; round < 20; round++) {
      const root = await imageOf(place.store, [{ seed: `kill ${round}`, sizeBytes: 6_000_000 }])
      const child = spawn(process.execPath, [
        script,
        place.store.root,
        root.digest,
        `${open.host}/kill-${round}`,
      ])
      const ended = once(child, 'exit')
      await Promise.race([once(child.stdout, 'data'), ended])
      await sleep(random() * 150)
      child.kill('SIGKILL')
      const [code, signal] = await ended
      // Both ends have to occur over the rounds; a crash of its own must not.
      expect([code, signal]).toContain(code === null ? 'SIGKILL' : 0)
      if (signal === 'SIGKILL') killed += 1
      const found = await inspectTag(open.origin, `kill-${round}`, 'v1')
      expect(found.state, found.why).not.toBe('incomplete')
      await publishTo({ store: place.store, root, tags: ['v1'], to: `${open.host}/kill-${round}` })
      const after = await inspectTag(open.origin, `kill-${round}`, 'v1')
      expect(after).toEqual({ state: 'complete', digest: root.digest })
    }
    expect(killed).toBeGreaterThan(10)
  })
})
