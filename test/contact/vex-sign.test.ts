import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { publishSample } from '../pipelines/outgoing/sample.ts'
import { openPlace } from '../pipelines/publish/place.ts'
import { vulnerableImage } from '../pipelines/vulnerabilities/image.ts'
import { recordedGrype } from '../pipelines/vulnerabilities/recorded.ts'
import { scratchFolder } from '../scratch.ts'
import { signingEnvironment } from './signed-bundle.ts'

test('an attested OpenVEX is what cosign calls openvex', async () => {
  const place = await openPlace()
  onTestFinished(() => place.close())
  const folder = await scratchFolder()
  const signing = await signingEnvironment(folder)
  const image = await vulnerableImage(place.store, { policy: { limit: 'critical' } })
  const to = `127.0.0.1:${place.registry.port}/signed:v1`
  const environment = { ...signing, INGOT_GRYPE: await recordedGrype(folder, new Date().toISOString()) }
  const signer = { type: 'key' as const, key: join(folder, 'ours.key'), isLogged: false }
  await publishSample({ store: place.store, built: [image], to, environment, signer })
  const { stdout } = await promisify(execFile)(
    signing.INGOT_COSIGN,
    [
      'verify-attestation',
      '--key',
      join(folder, 'ours.pub'),
      '--insecure-ignore-tlog=true',
      '--type',
      'openvex',
      to,
    ],
    { env: signing, maxBuffer: 1 << 26 },
  )
  const statement = JSON.parse(Buffer.from(JSON.parse(stdout.trim()).payload, 'base64').toString('utf8'))
  expect(statement.predicate.statements).toHaveLength(2)
})
