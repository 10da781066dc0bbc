import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { compileKernel, ranWithoutCard } from './kernel-compile.ts'

let place: Workplace
let report: Report

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  vocab_size: 256,
  max_position_embeddings: 128,
  torch_dtype: 'bfloat16',
}

/** What the plan looks for in a model's folder; a safetensors file without a tensor. Nothing is booted. Needs 25 GB of disk. */
const model = {
  'config.json': JSON.stringify(config),
  'tokenizer.json': '{}',
  'model.safetensors': Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
}

const text = `name: vllm-cuda
model: { name: none, license: Apache-2.0 }
engine: { id: vllm, version: ">=0.28 <0.34", runtime: packages, device: cuda }
weights:
  source: { type: folder, path: model }
target: { gpu: h100 }
`

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'model'))
  for (const [name, content] of Object.entries(model))
    await writeFile(join(place.folder, 'model', name), content)
  const recipe = await writeRecipe(place, 'vllm-cuda', text)
  const built = await ingot(['build', recipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('vLLM for CUDA is assembled in full on a machine without a GPU, and the report says that it was not booted', () => {
  expect(report.verdict).toBe('not booted')
  expect(report.boots).toEqual([])
  expect(report.sizes.keptTreeBytes).toBeGreaterThan(4e9)
})

test('code for other GPUs, symbols and what wheels bring besides are gone, each with its reason', () => {
  const bytesOf = (id: string) => report.removals.find(({ rule }) => rule === id)?.sizeBytes ?? 0
  expect(bytesOf('gpu-code')).toBeGreaterThan(1.5e9)
  expect(bytesOf('symbols')).toBeGreaterThan(5e8)
  expect(bytesOf('triton-static')).toBeGreaterThan(5e7)
  expect(report.sizes.keptTreeBytes).toBeLessThan(0.72 * (report.sizes.stockTreeBytes - bytesOf('downloads')))
})

test('it comes in eight layers or more, none of which is large', () => {
  const sizes = report.layers.filter(({ part }) => part === 'runtime').map(({ sizeBytes }) => sizeBytes)
  expect(sizes.length).toBeGreaterThanOrEqual(8)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1e9)
})

test('everything that loads and imports in the stock build does so here; the rest needs a GPU', async () => {
  const gated = await ingot(['gate', join(place.folder, 'vllm-cuda.yaml'), '--json'], place)
  expect(gated.code, gated.stderr).toBe(3)
  const { gate }: Report = JSON.parse(gated.stdout)
  const statuses = Object.fromEntries((gate?.parts ?? []).map(({ id, status }) => [id, status]))
  expect(statuses, JSON.stringify(gate)).toEqual({
    files: 'passed',
    loading: 'passed',
    imports: 'passed',
    flags: 'passed',
    answers: 'not run',
    'start-up': 'not run',
    missing: 'not run',
    ptx: 'not run',
  })
})

test('nothing of the base misses a library', () => {
  expect(report.missingLibraries.filter(({ path }) => path.startsWith('/usr/'))).toEqual([])
})

/** What Triton does at the first start: it compiles a launcher against Python's headers and loads it. */
const kernelScript = `cd /tmp
gcc -O2 -shared -fPIC -I/usr/include/python3.11 launcher.c -o launcher.so -lm
g++ -O2 -shared -fPIC kernel.cpp -o kernel.so
/opt/vllm/bin/python -c 'import ctypes, torch, triton, vllm
print(ctypes.CDLL("/tmp/launcher.so").answer(), ctypes.CDLL("/tmp/kernel.so").size(), vllm.__version__)'`

test('kernels can be compiled in what is left, and vLLM can be imported', async () => {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  try {
    await connect(async (client) => {
      const image = client
        .container()
        .from(`localhost:${registry.port}/ingot@${report.image}`, {
          registryService: client.host().service([{ frontend: registry.port, backend: registry.port }]),
        })
        .withNewFile(
          '/tmp/launcher.c',
          '#include <Python.h>\n#include <math.h>\nint answer(void) { return (int)sqrt(1764.0); }\n',
        )
        .withNewFile(
          '/tmp/kernel.cpp',
          '#include <vector>\nextern "C" int size() { return (int)std::vector<int>(3).size(); }\n',
        )
        .withExec(['/usr/bin/sh', '-ceu', kernelScript])
      expect(await image.stdout()).toBe(`42 3 ${report.engine.version}\n`)
    })
  } finally {
    await registry.close()
    await closeStore(store)
  }
})

test('FlashInfer finds a toolkit: a kernel for the card compiles, links and loads', async () => {
  await connect(async (client) => {
    expect(await compileKernel(client, place, report, '/opt/vllm/bin/python')).toMatch(ranWithoutCard)
  })
})
