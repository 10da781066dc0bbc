import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import cases from './cases/configs.json' with { type: 'json' }
import older from './configs.json' with { type: 'json' }
import logged from './logged/configs.json' with { type: 'json' }

const configs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ...older, ...logged, ...cases }
const engines = ['vllm', 'sglang'] as const

describe.each(engines)('%s', (engine) => {
  test.each(Object.keys(configs))('%s is planned with nothing told', (name) => {
    const request = { facts: factsFromConfig(configs[name] ?? {}), gpu: customGpu('large', 1e13) }
    expect(planMemory(engineOf(engine), request)).toMatchObject({ outcome: 'planned' })
  })
})

test('docs/memory.md has the count', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/memory.md'), 'utf8')
  expect(page).toContain(`${Object.keys(configs).length} configurations of checkpoints`)
})
