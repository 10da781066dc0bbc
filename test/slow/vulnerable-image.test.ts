import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { demoRecipe, ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { type Advisory, grypeDatabase } from '../pipelines/vulnerabilities/database.ts'
import { toolPath } from '../tools/find.ts'
import { grypeMatches } from './grype-matches.ts'
import { debianFiles, type OwnedFiles, pathsIn, plainName, pythonFiles } from './image-contents.ts'
import { publishOllama } from './ollama-image.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

// Slim images, with a vulnerability in every package that their lists name. What is there of each is counted
// by Debian's own lists of the image that ingot started from, by the wheels' own lists, and by crane's export of ours.

const registry = registryAddress(labSettings())
const ollamaVersion = '0.32.15'

interface Sample {
  place: Workplace
  /** Text of a recipe with nothing in `image`. */
  text: string
  name: string
  /** What dpkg's lists are read from. */
  base: string
  /** Packages that a server needs, whatever else goes. */
  needed: string[]
  gone: string[]
}

async function llamaCpp(): Promise<Sample> {
  const demo = await readFile(demoRecipe, 'utf8')
  return {
    ...{
      place: await newWorkplace(),
      name: 'smollm2-135m-llama-cpp',
      text: demo.replace(/^image:\n( .*\n)*/m, ''),
    },
    ...{ base: `${registry}/library/debian:forky-slim` },
    ...{ needed: ['libc6', 'libggml0'], gone: ['perl-base', 'bash', 'apt'] },
  }
}

/** Its official image, whose files stay. */
async function ollama(): Promise<Sample> {
  await connect(async (client) => void (await publishOllama(client, registry, ollamaVersion)))
  const text = await readFile(join(import.meta.dirname, '../../recipes/smollm2-135m-ollama.yaml'), 'utf8')
  return {
    ...{ place: await newWorkplace(), name: 'smollm2-135m-ollama', text },
    ...{
      base: `${registry}/ollama/ollama:${ollamaVersion}`,
      needed: ['libc6', 'libstdc++6', 'apt'],
      gone: [],
    },
  }
}

async function vllm(): Promise<Sample> {
  const { place, recipe } = await vllmOnCpu()
  return {
    ...{ place, name: 'smollm2-135m-vllm', text: await readFile(recipe, 'utf8') },
    ...{ base: `${registry}/library/debian:bookworm-slim` },
    ...{ needed: ['libc6', 'torch', 'vllm-cpu'], gone: ['perl-base', 'apt'] },
  }
}

const planted = { library: 'planted-library', program: 'perl-base' }

describe.each([
  ['llama.cpp', llamaCpp, ''],
  ['Ollama', ollama, `  base: ollama/ollama:${ollamaVersion}\n`],
  ['vLLM on the CPU', vllm, ''],
] as const)('the slim image of %s', (engine, sampleOf, imageText) => {
  let sample: Sample
  let report: Report
  let exported: Set<string>
  let debian: OwnedFiles
  let python: OwnedFiles
  let database: { folder: string }

  beforeAll(async () => {
    sample = await sampleOf()
    report = await built('')
    debian = await debianFiles(sample.base)
    exported = new Set(await served(report, pathsIn))
    python = await served(report, pythonFiles)
    const folder = join(sample.place.folder, 'vulnerabilities')
    await mkdir(folder)
    database = await grypeDatabase(folder, { built: new Date(), advisories: advisoriesFor() })
  })

  afterAll(() => rm(sample.place.folder, { recursive: true, force: true }))

  async function built(more: string, flags: readonly string[] = ['--no-verify']): Promise<Report> {
    const all = `${imageText}${more}`
    const text = all === '' ? sample.text : `${sample.text}image:\n${all}`
    const recipe = await writeRecipe(sample.place, sample.name, text)
    const locked = await ingot(['lock', recipe], sample.place)
    expect(locked.code, locked.stderr).toBe(0)
    const done = await ingot(['build', recipe, ...flags, '--json'], sample.place)
    expect(done.code, storyOf(done)).toBe(0)
    const [first]: Report[] = JSON.parse(done.stdout)
    if (first === undefined) throw new Error('no report')
    return first
  }

  async function served<Value>(
    { name, image: digest }: Pick<Report, 'name' | 'image'>,
    use: (image: string) => Promise<Value>,
  ): Promise<Value> {
    const store = await openStore(sample.place.store)
    const server = await serveStore(store, {})
    try {
      return await use(`127.0.0.1:${server.port}/${name}@${digest}`)
    } finally {
      await server.close()
      await closeStore(store)
    }
  }

  function advisoriesFor(): Advisory[] {
    const all: [ecosystem: Advisory['ecosystem'], names: Iterable<string>, constraint: string][] = [
      // Of the base, and of two that llama.cpp brings.
      ['deb', new Set([...debian.keys(), 'libggml0', 'libssl3t64']), '< 999:0'],
      ['python', new Set([...python.keys(), planted.library]), '< 99999'],
    ]
    return all.flatMap(([ecosystem, names, constraint], kind) =>
      [...names].map((name, index) => ({
        ...{
          id: `CVE-2026-${10_000 * (kind + 1) + index}`,
          severity: 'high',
          ecosystem,
          constraint,
          package: name,
        },
      })),
    )
  }

  /** What grype says of an image, without and with the document that ingot makes of it. */
  async function scanned(image: Report) {
    const environment = { ...sample.place.environment, INGOT_GRYPE: toolPath('grype') }
    const document = await ingot(
      ['vulnerabilities', image.image, '--database', database.folder, '--format', 'openvex'],
      { ...sample.place, environment },
    )
    expect(document.code, document.stderr).toBe(0)
    // Of an official image whose files stay nothing is proven, and there is no document.
    expect(document.stdout === '').toBe(sample.gone.length === 0)
    const file = join(sample.place.folder, 'vex.json')
    await writeFile(file, document.stdout)
    const more = document.stdout === '' ? [] : ['--vex', file]
    return served(image, async (address) => ({
      plain: await grypeMatches(`registry:${address}`, database.folder),
      told: await grypeMatches(`registry:${address}`, database.folder, ...more),
    }))
  }

  const names = (found: readonly string[]) => [
    ...new Set(found.map((one) => plainName(one.split(' ')[1] ?? ''))),
  ]
  const filesOf = (name: string) => debian.get(name) ?? python.get(name)
  const isKnown = (name: string) => filesOf(name) !== undefined
  const isThere = (name: string) => (filesOf(name) ?? []).some((path) => exported.has(path))

  test('with the document grype reports a package exactly where a file of it is there', async () => {
    const { plain, told } = await scanned(report)
    const left = names(told.reported)
    process.stderr.write(
      `${engine}: ${plain.reported.length} findings without the document, ${told.reported.length} with it: ${left.join(', ')}\n`,
    )
    expect(plain.reported.length).toBeGreaterThan(50)
    expect(left.filter((name) => isKnown(name) && !isThere(name))).toEqual([])
    expect(names(told.ignored).filter((name) => isKnown(name) && isThere(name))).toEqual([])
    expect(left).toEqual(expect.arrayContaining(sample.needed))
    expect(names(told.ignored)).toEqual(expect.arrayContaining(sample.gone))
  })

  test('a vulnerable library that a recipe puts in is reported, and so is a program under the name of one that is gone', async () => {
    const site = join(sample.place.folder, 'planted/lib/python3/site-packages')
    const metadata = join(site, `${planted.library.replace('-', '_')}-1.0.dist-info`)
    await mkdir(metadata, { recursive: true })
    await mkdir(join(sample.place.folder, 'planted/bin'), { recursive: true })
    await writeFile(
      join(metadata, 'METADATA'),
      `Metadata-Version: 2.4\nName: ${planted.library}\nVersion: 1.0\n\n`,
    )
    await writeFile(join(sample.place.folder, 'planted/bin/perl'), 'a perl of its own')
    const image = await built('  files: [{ from: planted, to: /opt/planted }]\n')
    const { told } = await scanned(image)
    expect(names(told.reported)).toEqual(expect.arrayContaining([planted.library, planted.program]))
    const stillGone = sample.gone.filter((name) => name !== planted.program)
    expect(names(told.ignored)).toEqual(expect.arrayContaining(stillGone))
  })

  test('what is there fails a limit of the command line', async () => {
    const done = await ingot(
      ['vulnerabilities', report.image, '--database', database.folder, '--limit', 'high'],
      { ...sample.place, environment: { ...sample.place.environment, INGOT_GRYPE: toolPath('grype') } },
    )
    expect(done.code, done.stderr).toBe(1)
    expect(done.stdout).toContain('reach the limit high')
  })

  // The key changes every layer of the runtime.
  if (engine === 'llama.cpp')
    test('an image whose list of packages is told needs no document, and starts nothing less', async () => {
      const told = await built('  packageList: told\n', [])
      expect(told.image).not.toBe(report.image)
      const { reported } = await served(told, (image) => grypeMatches(`registry:${image}`, database.folder))
      const found = names(reported)
      expect(found).toEqual(expect.arrayContaining(sample.needed))
      expect(found.filter((name) => debian.has(name) && !isThere(name))).toEqual([])
    })
})
