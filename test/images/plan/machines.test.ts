import { expect, test } from 'vitest'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { runFactsOf } from '../../../images/run-files/facts.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { report } from '../report-sample.ts'

function planWith(id: EngineId, change: (draft: Recipe) => void) {
  const recipe = recipeFor(id, change)
  return planImage(recipe, lockFor(recipe))
}

const withNodes = (nodes: number) => (draft: Recipe) => {
  draft.serving.nodes = nodes
}

test('one machine has the plan that it had before', () => {
  const plan = planWith('llama-cpp', withNodes(1))
  expect(plan).not.toHaveProperty('machines')
  expect(JSON.stringify(plan)).not.toMatch(/rpc/i)
})

test('llama.cpp has workers in its image, which the server finds by names that nobody need change', () => {
  const plan = planWith('llama-cpp', withNodes(2))
  const { machines, config, slimming, runtime, verify, doubts } = plan
  expect(machines).toMatchObject({ names: ['worker-1', 'worker-2'], port: 50052 })
  expect(config.Env).toContain('LLAMA_ARG_RPC=worker-1:50052,worker-2:50052')
  expect(config.Env).toContain('LLAMA_ARG_LOG_VERBOSITY=4')
  expect(config.Entrypoint?.join(' ')).toContain('--n-gpu-layers 999')
  const program = '/usr/libexec/x86_64-linux-gnu/llama/bin/ggml-rpc-server'
  expect(slimming.closure?.roots).toEqual(expect.arrayContaining([program, '/usr/bin/env']))
  const packages = runtime.source.type === 'debian' ? runtime.source.packages : []
  expect(packages).toEqual(expect.arrayContaining(['llama.cpp-tools-extra', 'libggml0-backend-rpc']))
  expect(verify.behaviour.failureLines).toContain('Failed to connect to')
  expect(doubts?.join('\n')).toContain('what each must have is not told here')
})

test('a worker’s program is that of the platform', () => {
  const plan = planWith('llama-cpp', (draft) => {
    draft.serving.nodes = 2
    draft.image.platform = 'linux/arm64'
  })
  const command = plan.machines?.command ?? []
  expect(command).toContain('/usr/libexec/aarch64-linux-gnu/llama/bin/ggml-rpc-server')
})

test.each<[string, EngineId, (draft: Recipe) => void, string]>([
  ['an engine for one machine', 'ollama', withNodes(2), 'ingot starts Ollama on one'],
  [
    'the project’s image',
    'llama-cpp',
    (draft) => {
      draft.serving.nodes = 2
      draft.engine.runtime = 'upstream'
    },
    'has no ggml-rpc-server',
  ],
  [
    'a device that nobody tried',
    'llama-cpp',
    (draft) => {
      draft.serving.nodes = 2
      draft.engine.device = 'vulkan'
    },
    'engine.device vulkan, which nobody has tried',
  ],
  [
    'addresses of one site',
    'llama-cpp',
    (draft) => {
      draft.serving.extraArguments = ['--rpc', '10.0.0.1:50052']
    },
    '--rpc',
  ],
  [
    'the same as a variable',
    'llama-cpp',
    (draft) => {
      draft.serving.environment = { LLAMA_ARG_RPC: '10.0.0.1:50052' }
    },
    'LLAMA_ARG_RPC is set by ingot itself',
  ],
  [
    'a command of the recipe',
    'llama-cpp',
    (draft) => {
      draft.serving.nodes = 2
      draft.image.command = ['/usr/bin/wrap']
    },
    'behind a command of the recipe',
  ],
])('%s is refused before anything is locked', (_, id, change, words) => {
  const messages = judgeRecipe(recipeFor(id, change)).map(({ message }) => message)
  expect(messages.join('\n')).toContain(words)
})

test('each worker may have what all of them together took in the boot', () => {
  const plan = planWith('llama-cpp', withNodes(2))
  const sample = report()
  const workers = [
    { name: 'worker-1', peakMemoryBytes: 100 * 1024 ** 2 },
    { name: 'worker-2', peakMemoryBytes: 300 * 1024 ** 2 },
  ]
  const boots = sample.boots.map((boot) => ({ ...boot, workers }))
  const facts = runFactsOf(plan, { ...sample, boots }, 'localhost/a@sha256:0')
  // 1.25 times 400 MiB, and 64 MiB of shared memory, in steps of 64 MiB.
  expect(facts.machines).toMatchObject({ memoryLimitBytes: 576 * 1024 ** 2 })
  expect(facts.origins.join('\n')).toContain('so the limit of each is for all of them together')
})
