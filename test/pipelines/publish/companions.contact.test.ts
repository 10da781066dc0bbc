import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaTypes } from '../../../images/oci/oci.ts'
import { artifactSample, publishSample } from '../outgoing/sample.ts'
import { inspectTag } from './images.ts'
import { openPlace, type Place } from './place.ts'

let place: Place

beforeAll(async () => {
  place = await openPlace()
})

afterAll(() => place.close())

test('weights and modelcar of two platforms are one reference each, as the server is', async () => {
  const { store, registry } = place
  const built = [await artifactSample(store), await artifactSample(store, [], 'linux/arm64')]
  const environment = { PATH: '/nonexistent', HOME: place.folder }
  await publishSample({ store, built, to: `127.0.0.1:${registry.port}/two`, environment })
  for (const name of ['two', 'two-weights', 'two-modelcar']) {
    expect((await inspectTag(registry.url, name, 'v1')).state).toBe('complete')
    const answer = await fetch(`${registry.url}/v2/${name}/manifests/v1`, {
      headers: { accept: mediaTypes.index },
    })
    const { manifests } = JSON.parse(await answer.text())
    const platforms = manifests.map(
      ({ platform }: { platform: { architecture: string } }) => platform.architecture,
    )
    expect([name, platforms]).toEqual([name, ['amd64', 'arm64']])
  }
})
