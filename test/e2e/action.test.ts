import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAction } from '../github/steps.ts'
import { type DebianRegistry, startRegistry } from '../pipelines/publish/debian-registry.ts'
import { demoRecipe, newWorkplace, type Workplace } from './ingot.ts'

// action.yml, step by step, as another repository uses it: one recipe, then a folder of two, published to a registry with a login.

const password = 'sesame-0451'
let place: Workplace
let registry: DebianRegistry

beforeAll(async () => {
  place = await newWorkplace()
  registry = await startRegistry({ password })
  const recipes = join(place.folder, 'recipes')
  await mkdir(recipes)
  await writeFile(join(recipes, '_demo.yaml'), await readFile(demoRecipe, 'utf8'))
  await writeFile(join(recipes, 'one.yaml'), 'extends: _demo.yaml\nname: one\n')
  const text = 'extends: _demo.yaml\nname: two\nmatrix:\n  parallelism: [1, 2]\n'
  await writeFile(join(recipes, 'two.yaml'), text)
})

afterAll(async () => {
  await registry.close()
  await rm(place.folder, { recursive: true, force: true })
})

const summaryFile = () => join(place.folder, 'summary.md')

function act(inputs: Record<string, string>) {
  const known = Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value])
  return runAction('action.yml', {
    known: { ...Object.fromEntries(known), 'runner.temp': place.folder, 'runner.os': 'Linux' },
    environment: { ...place.environment, GITHUB_STEP_SUMMARY: summaryFile() },
    folder: place.folder,
    registry: registry.host,
  })
}

const login = { username: 'robot', password, tags: 'v1 stable' }

async function manifestDigest(name: string, tag: string): Promise<string | null> {
  const basic = Buffer.from(`robot:${password}`).toString('base64')
  const headers = {
    authorization: `Basic ${basic}`,
    accept: 'application/vnd.oci.image.manifest.v1+json',
  }
  const answer = await fetch(`http://${registry.host}/v2/${name}/manifests/${tag}`, { headers })
  return answer.headers.get('docker-content-digest')
}

test('one recipe: image, digest, verdict, report and the tables of the summary', async () => {
  const outputs = await act({ recipe: 'recipes/one.yaml', to: `${registry.host}/Acme/LLM`, ...login })
  const { digest = '', report = '' } = outputs
  expect(outputs).toMatchObject({ verdict: 'verified', image: `${registry.host}/acme/llm@${digest}` })
  expect(await manifestDigest('acme/llm', 'v1')).toBe(digest)
  expect(await manifestDigest('acme/llm', 'stable')).toBe(digest)
  expect(await readdir(join(report, 'one'))).toEqual([
    'report.html',
    'report.json',
    'report.md',
    'report.xml',
  ])
  const summary = await readFile(summaryFile(), 'utf8')
  expect(summary).toContain(`| one | verified | llama-cpp`)
  expect(summary).toContain('| the named model generates a token | passed |')
  expect(summary).not.toContain(password)
})

test('several: each in a repository of its own name, and a list of them', async () => {
  const outputs = await act({ recipe: 'recipes/two.yaml', to: `${registry.host}/acme/several`, ...login })
  expect(outputs).toMatchObject({ verdict: 'verified', image: '', digest: '' })
  const images = JSON.parse(outputs['images'] ?? '')
  expect(images.map(({ name, verdict }: Record<string, string>) => [name, verdict])).toEqual([
    ['two-1', 'verified'],
    ['two-2', 'verified'],
  ])
  for (const { name, digest, image } of images) {
    expect(image).toBe(`${registry.host}/acme/several/${name}@${digest}`)
    expect(await manifestDigest(`acme/several/${name}`, 'v1')).toBe(digest)
  }
})

test('a recipe that is wrong fails the action, and nothing is published', async () => {
  await writeFile(
    join(place.folder, 'recipes/wrong.yaml'),
    'extends: _demo.yaml\nname: wrong\nserving: { nothing: 1 }\n',
  )
  await expect(
    act({ recipe: 'recipes/wrong.yaml', to: `${registry.host}/acme/wrong`, ...login }),
  ).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('unknown key "nothing"'),
  })
  expect(await manifestDigest('acme/wrong', 'v1')).toBeNull()
})
