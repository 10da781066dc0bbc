import { expect, test } from 'vitest'
import type { RunnerFacts } from '../../../images/boot/runner-facts.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { machineWords } from '../../../images/report/words.ts'
import { runFactsOf } from '../../../images/run-files/facts.ts'
import { runFilesFor } from '../../../images/run-files/generate.ts'
import { anywhere } from '../../../images/run-files/placement.ts'
import type { runTargets } from '../../../images/run-files/targets.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { boot, report } from '../report-sample.ts'
import { cpu } from './cases.ts'

function planFor(platform: string) {
  const recipe = recipeFor('llama-cpp')
  return { ...planImage(recipe, lockFor(recipe)), platform }
}

const clusters = ['kubernetes', 'helm', 'kserve', 'kserve-llm'] as const
const arm: typeof cpu = { ...cpu, architecture: 'arm64' }

function textOf(target: (typeof runTargets)[number], facts = arm, placement = anywhere): string {
  return runFilesFor(target, facts, placement)
    .map(({ content }) => content)
    .join('\n')
}

test.each(clusters)(
  '%s places an image for arm64 on nodes of that kind, and one for amd64 anywhere',
  (target) => {
    expect(textOf(target)).toMatch(/kubernetes\.io\/arch['"]?: ['"]?arm64/)
    expect(textOf(target, cpu)).not.toContain('kubernetes.io/arch')
  },
)

test('who names the label decides', () => {
  const site = { ...anywhere, nodeSelector: { 'kubernetes.io/arch': 'arm', pool: 'a' } }
  expect(textOf('kubernetes', arm, site)).toMatch(/kubernetes\.io\/arch['"]?: ['"]?arm['"]?\n/)
})

test('no other tool is told', () => {
  for (const target of ['docker', 'compose', 'quadlet'] as const)
    expect(textOf(target)).toBe(textOf(target, cpu))
})

const machine = boot().machine as RunnerFacts

test('what an emulated boot took of time and memory limits nothing, and its report says that it was emulated', () => {
  const emulated = boot({ machine: { ...machine, emulates: 'linux/arm64' } })
  const facts = (boots: ReturnType<typeof boot>[]) =>
    runFactsOf(planFor('linux/arm64'), { ...report(), boots }, 'localhost/a@sha256:0')
  expect(facts([emulated])).toMatchObject({ architecture: 'arm64' })
  expect(facts([emulated])).not.toHaveProperty('memoryLimitBytes')
  expect(facts([emulated])).not.toHaveProperty('readySeconds')
  expect(facts([emulated, boot()])).toHaveProperty('memoryLimitBytes')
  expect(machineWords(emulated)).toContain('linux/arm64 emulated: its speed says nothing')
  expect(machineWords(boot())).not.toContain('emulated')
})

test('the plan of a recipe for amd64 names no architecture', () => {
  const facts = runFactsOf(planFor('linux/amd64'), report(), 'localhost/a@sha256:0')
  expect(facts).not.toHaveProperty('architecture')
})
