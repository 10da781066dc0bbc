import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { placeOf, writeLock } from '../pipelines/lock/place.ts'
import { rawRecipe } from '../recipes/locked.ts'

const run = promisify(execFile)
const script = resolve(import.meta.dirname, '../../.github/scripts/update.sh')

/** A safetensors file without a tensor. */
const model = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')])
const raw = {
  ...rawRecipe('folder'),
  engine: { id: 'vllm', version: '>=0.30', device: 'cuda', runtime: 'upstream' },
  image: {},
  weights: { source: { type: 'folder', path: 'model' }, delivery: 'mounted' },
  target: { gpu: 'h100' },
}

/** A repository with one recipe, pushed to an origin of its own. */
async function repository() {
  const place = await placeOf(raw)
  const { folder } = place
  const environment = {
    ...place.environment,
    HOME: folder,
    INGOT_RECIPES: 'tiny.yaml',
    INGOT_UPDATE: '--model',
  }
  const git = async (...args: string[]) =>
    (
      await run('git', ['-c', 'user.name=a', '-c', 'user.email=a@localhost', ...args], {
        cwd: folder,
        env: environment,
      })
    ).stdout
  await mkdir(join(folder, 'model'))
  const config = { architectures: ['LlamaForCausalLM'], model_type: 'llama' }
  await writeFile(join(folder, 'model/config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'model/model.safetensors'), model)
  await writeFile(join(folder, 'model/tokenizer.json'), '{}')
  await writeLock(place, raw)
  await git('init', '--quiet', '--initial-branch', 'main')
  await git('init', '--quiet', '--bare', 'origin.git')
  await git('remote', 'add', 'origin', join(folder, 'origin.git'))
  await git('add', 'tiny.yaml', 'tiny.lock.json', 'model')
  await git('commit', '--quiet', '-m', 'start')
  const output = join(folder, 'output')
  const update = async (more: NodeJS.ProcessEnv = {}) => {
    await writeFile(output, '')
    const env = { ...environment, GITHUB_OUTPUT: output, INGOT_BODY: join(folder, 'body.md'), ...more }
    await run('sh', [script], { cwd: folder, env })
    return readFile(output, 'utf8')
  }
  return { folder, git, update }
}

test('a newer model becomes a branch of origin with the lock alone, and a text of tables; the next run finds nothing', async () => {
  const { folder, git, update } = await repository()
  expect(await update({ INGOT_PASSWORD: 'sesame-0451' })).toBe('changed=true\n')
  expect(await readFile(join(folder, 'body.md'), 'utf8')).toMatch(/^## tiny\n[\s\S]*\| model\.safetensors \|/)
  expect(await git('--git-dir', 'origin.git', 'show', '--name-only', '--format=%s', 'ingot-update')).toBe(
    'Take what is newer into the locks\n\ntiny.lock.json\n',
  )
  expect(await git('config', '--list')).not.toContain('sesame')
  expect(await update()).toBe('changed=false\n')
  expect(await readFile(join(folder, 'body.md'), 'utf8')).toContain('Nothing is newer.')
}, 60_000)

test('a recipe that is not updated fails the run, and its text says so', async () => {
  const { folder, update } = await repository()
  await writeFile(join(folder, 'model/config.json'), '<html>')
  await expect(update()).rejects.toMatchObject({ code: 2 })
  expect(await readFile(join(folder, 'body.md'), 'utf8')).toContain('A recipe was not updated')
}, 60_000)
