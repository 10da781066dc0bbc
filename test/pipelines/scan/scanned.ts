import { afterAll, beforeAll, expect } from 'vitest'
import type { ScanPolicy } from '../../../images/plan/scan-policy.ts'
import { knownSecrets } from '../../../lib/known-secrets.ts'
import { secretForms } from '../../../lib/secret-forms.ts'
import { scanImage } from '../../../pipelines/scan/scan.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { toolPath } from '../../tools/find.ts'
import { openPlace, type Place } from '../publish/place.ts'
import { type Entry, layerOf } from './layers.ts'

// Not a token anybody was given; put together here so that no scanner takes this file for a leak.
export const hubToken = ['hf', 'xQzRvTbNmKpLwYsJdHgFcXaEuIoPqWeRtY'].join('_')
export const githubToken = ['ghp', 'x7Kq2Lm9Rt4Wv1Yz8Bn3Cd6Fg5Hj0PsXaQeZ'].join('_')
export const strict: ScanPolicy = { allowWorldWritable: [], allowSecrets: [], shells: [] }
export let place: Place
export let gitleaks: string

beforeAll(async () => {
  place = await openPlace()
  gitleaks = toolPath('gitleaks')
}, 600_000)

afterAll(() => place.close())

export interface Given {
  entries?: Entry[]
  texts?: Record<string, string>
  policy?: Partial<ScanPolicy>
  environment?: NodeJS.ProcessEnv
  hasPublicPackages?: boolean
}

export async function scan(given: Given) {
  const { entries = [], texts = {}, policy = {}, environment = {}, hasPublicPackages = false } = given
  const layer = await layerOf(place.store, [{ name: 'usr/bin/server', text: '\u007fELF\0' }, ...entries])
  return scanImage({
    store: place.store,
    name: 'planted',
    layers: [layer.descriptor],
    texts,
    policy: { ...strict, ...policy },
    hasPublicPackages,
    secrets: knownSecrets(environment),
    settings: readSettings({ PATH: '/nonexistent', ...environment }),
  })
}

/** The failure in words; what leaked is never among them. */
export async function refusalOf(given: Given, secret: string): Promise<string> {
  const error = await scan(given).catch((caught) => caught)
  const words = JSON.stringify([error.message, error.failure])
  for (const { bytes } of secretForms(secret)) expect(words).not.toContain(Buffer.from(bytes).toString())
  return error.message
}
