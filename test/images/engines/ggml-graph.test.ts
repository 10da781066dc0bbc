import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { factsFromGguf } from '../../../recipes/model-facts/gguf.ts'
import buffers from './ggml-buffers.json' with { type: 'json' }

const headers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = buffers.models

/** "compute buffer size" of Vulkan0 as llama-server 0.7.0 (build 11669) reserved it for headers of these sizes, on a software GPU. */
test.each(buffers.measured)(
  'the compute buffer of $model is within 6 % of $miB MiB',
  ({ model, miB, request }) => {
    const plan = planMemory(engineOf('llama-cpp'), {
      facts: factsFromGguf(headers[model] ?? {}, []),
      gpu: customGpu('measured', 1024 ** 4),
      weightsBytes: 1024 ** 3,
      maxModelLen: 4096,
      parallel: 4,
      unifiedKv: true,
      ...request,
    })
    const bytes = plan.outcome === 'planned' ? (plan.overheadBytes['computeBuffer'] ?? 0) : 0
    expect(Math.abs(bytes / 1024 ** 2 / miB - 1)).toBeLessThan(0.06)
  },
)
