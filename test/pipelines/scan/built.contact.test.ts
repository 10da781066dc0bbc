import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assembleImage, type RuntimeConfig } from '../../../images/oci/oci.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { basicLogin } from '../../../pipelines/network/login.ts'
import { prepareImage } from '../../../pipelines/outgoing/prepare.ts'
import { scanBuilt } from '../../../pipelines/scan/built.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { report } from '../../images/report-sample.ts'
import { artifactSample, builtSample } from '../outgoing/sample.ts'
import { openPlace, type Place } from '../publish/place.ts'
import { lock, recipe } from '../sbom/image.ts'
import { recordedSyft } from '../sbom/recorded.ts'
import { type Entry, layerOf } from './layers.ts'

const token = ['hf', 'qWeRtYuIoPaSdFgHjKlZxCvBnM0987654321'].join('_')
const plan = planImage(recipe, lock)
let place: Place
let folder: string

beforeAll(async () => {
  place = await openPlace()
  folder = await mkdtemp(join(tmpdir(), 'ingot-scan-'))
})

afterAll(async () => {
  await place.close()
  await rm(folder, { recursive: true })
})

describe('a build', () => {
  async function scan(given: {
    entries?: Entry[]
    config?: RuntimeConfig
    environment?: NodeJS.ProcessEnv
    uri?: string
  }) {
    const { entries = [], config = {}, environment = { HF_TOKEN: token }, uri } = given
    const layer = await layerOf(place.store, [{ name: 'usr/bin/x', text: 'x' }, ...entries])
    const image = { layers: [layer], assembled: assembleImage([layer], config, 'linux/amd64', {}) }
    const source = { ...lock.weights.source, ...(uri !== undefined && { token: uri }) }
    const context = {
      store: place.store,
      progress: { step() {}, bytes() {}, end() {} },
      recipeFolder: folder,
      settings: readSettings({ PATH: '/nonexistent', HOME: folder, ...environment }),
      signal: new AbortController().signal,
      engine: () => Promise.reject(new Error('no engine here')),
    }
    return scanBuilt(plan, { ...lock.weights, source }, image, context)
  }

  test.each<[string, Parameters<typeof scan>[0]]>([
    ['a layer', { entries: [{ name: 'etc/leak', text: `x ${token}` }] }],
    ['a label', { config: { Labels: { note: Buffer.from(`  ${token}`).toString('base64') } } }],
    ['the command line', { config: { Entrypoint: ['server', `--token=${token}`] } }],
  ])('with its token in %s fails before the image has a name', async (_, given) => {
    await expect(scan(given)).rejects.toMatchObject({ code: 'secret-found' })
  })

  test('knows the token that the recipe’s own URI names', async () => {
    await writeFile(join(folder, 'token'), `${token}\n`)
    const entries = [{ name: 'etc/leak', text: token }]
    const failed = scan({ entries, environment: {}, uri: 'file://token' })
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('weights.source.token') })
  })

  test('with its token in the report fails before the report is kept', async () => {
    const { scan: seen, requireClean } = await scan({})
    expect(seen.searchedFor).toEqual(['HF_TOKEN'])
    await requireClean(report())
    const leaking = { ...report(), model: `model ${encodeURIComponent(token)}` }
    await expect(requireClean(leaking)).rejects.toMatchObject({ code: 'secret-found' })
  })

  test('against the policy fails, and says what to write', async () => {
    const entries: Entry[] = [{ name: 'opt/x', mode: 0o666 }]
    await expect(scan({ entries })).rejects.toMatchObject({
      code: 'against-policy',
      hint: expect.stringContaining('image.policy.allowWorldWritable'),
    })
  })
})

describe('before publishing', () => {
  const environment = () => ({ PATH: '/nonexistent', HOME: folder })

  async function prepare(given: Partial<Parameters<typeof prepareImage>[1]> = {}) {
    const notices: string[] = []
    const request = {
      store: place.store,
      isUnverified: false,
      sbom: 'if-possible' as const,
      settings: readSettings(environment()),
    }
    const onNotice = (text: string) => void notices.push(text)
    const { documents } = await prepareImage(await builtSample(place.store), {
      ...request,
      onNotice,
      ...given,
    })
    return { names: documents.map(({ name }) => name), notices }
  }

  test('without syft and gitleaks the person is told what is missing; asked for, it is an error', async () => {
    expect(await prepare()).toEqual({
      names: ['provenance', 'test-result', 'report'],
      notices: [
        expect.stringContaining('no SBOM: syft is not in PATH'),
        expect.stringContaining('gitleaks is not in PATH'),
      ],
    })
    await expect(prepare({ sbom: 'required' })).rejects.toMatchObject({
      code: 'no-tool',
      hint: expect.stringContaining('INGOT_SYFT'),
    })
  })

  test('with syft both forms of the SBOM go along', async () => {
    const { names } = await prepare({
      settings: readSettings({ HOME: folder, PATH: '/usr/bin:/bin', INGOT_SYFT: await recordedSyft(folder) }),
    })
    expect(names).toEqual(['provenance', 'test-result', 'report', 'sbom.spdx', 'sbom.cyclonedx'])
  })

  test('the registry’s own password in what would be sent ends it', async () => {
    // The sample's package list holds this word; as a password it must not leave.
    const login = basicLogin('robot', 'typing_extensions', 'a test')
    await expect(prepare({ login })).rejects.toMatchObject({
      code: 'secret-found',
      message: expect.stringContaining('the registry’s login'),
    })
  })

  test('so does a secret in provenance, by way of the recipe', async () => {
    const built = await builtSample(place.store)
    const labels = { note: token }
    const leaking = {
      ...built,
      origin: { ...built.origin, recipe: { ...recipe, image: { ...recipe.image, labels } } },
    }
    const request = { store: place.store, isUnverified: false, sbom: 'if-possible' as const, onNotice() {} }
    const failed = prepareImage(leaking, {
      ...request,
      settings: readSettings({ ...environment(), HF_TOKEN: token }),
    })
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining('provenance.json: the secret of HF_TOKEN'),
    })
  })

  test('the Hub’s token where only Dagger reads it: found as any other, and told where it cannot be read', async () => {
    const built = await builtSample(place.store)
    const source = { ...built.origin.recipe.weights.source, token: 'vault://models/hub.token' }
    const keeping = {
      ...built,
      origin: { ...built.origin, recipe: { ...recipe, weights: { ...recipe.weights, source } } },
    }
    const notices: string[] = []
    const onNotice = (text: string) => void notices.push(text)
    const given = { store: place.store, isUnverified: false, sbom: 'if-possible' as const, onNotice }
    const asked: string[] = []
    const resolveSecret = async (uri: string) => {
      asked.push(uri)
      // The sample's package list holds this word; as a token it must not leave.
      return 'typing_extensions'
    }
    await expect(
      prepareImage(keeping, { ...given, settings: readSettings(environment()), resolveSecret }),
    ).rejects.toMatchObject({
      code: 'secret-found',
      message: expect.stringContaining('weights.source.token'),
    })
    expect(asked).toEqual(['vault://models/hub.token'])
    expect(notices.some((text) => text.includes('token'))).toBe(false)
    await prepareImage(keeping, { ...given, settings: readSettings(environment()) })
    expect(notices.at(-1)).toContain('is not searched for, as it cannot be read')
    expect(notices.at(-1)).toContain('nothing here reads vault:// secrets')
  })
})

describe('a modelcar before it leaves', () => {
  async function prepare(more: readonly Entry[] = []) {
    const environment = {
      HOME: folder,
      PATH: '/usr/bin:/bin',
      INGOT_SYFT: await recordedSyft(folder),
      HF_TOKEN: token,
    }
    const built = await artifactSample(place.store, more)
    const request = { store: place.store, isUnverified: false, sbom: 'if-possible' as const, onNotice() {} }
    return prepareImage(built, { ...request, settings: readSettings(environment) })
  }

  test('has an SBOM with its programs and the model; the weights alone have none', async () => {
    const { companions } = await prepare()
    const documents = Object.fromEntries(companions.map(({ name, documents }) => [name, documents]))
    expect(Object.keys(documents)).toEqual(['weights', 'modelcar'])
    expect(documents['weights']).toEqual([])
    const [spdx, cycloneDx] = documents['modelcar'] ?? []
    for (const text of [spdx?.text, cycloneDx?.text]) {
      expect(text).toContain('pkg:deb/debian/busybox-static@1%3A1.35.0-4')
      expect(text).toContain(lock.weights.setDigest.slice('sha256:'.length))
      expect(text).toContain('pkg:oci/sbom-sample-modelcar@')
    }
  })

  test('is scanned: a secret in its programs, and a file that all may write, end it', async () => {
    await expect(prepare([{ name: 'bin/leak', text: `x ${token}` }])).rejects.toMatchObject({
      code: 'secret-found',
      message: expect.stringMatching(/sbom-sample-modelcar.*\/bin\/leak: the secret of HF_TOKEN/s),
    })
    await expect(prepare([{ name: 'bin/open', mode: 0o666, text: 'x' }])).rejects.toMatchObject({
      code: 'against-policy',
      message: expect.stringContaining('/bin/open'),
    })
  })
})
