import { expect, test } from 'vitest'
import type { RunFacts, WeightsMount } from '../../../images/run-files/facts.ts'
import { notesOf } from '../../../images/run-files/notes.ts'
import { anywhere, type Placement } from '../../../images/run-files/placement.ts'
import { type RunTarget, runTargets } from '../../../images/run-files/targets.ts'

const folder: WeightsMount = { type: 'folder', folder: '/models/a', sizeBytes: 1 }
const volume: WeightsMount = { type: 'volume', folder: '/models/hub', sizeBytes: 1 }
const none: WeightsMount = { type: 'none' }

function notes(target: RunTarget, weights: WeightsMount, gpus = 0, wishes: Partial<Placement> = {}): string {
  const facts = { name: 'a', weights, gpus } as RunFacts // Nothing else is read.
  return notesOf(target, facts, { ...anywhere, ...wishes }).join('\n')
}

test.each(runTargets)('%s: an image that needs nothing says nothing', (target) => {
  expect(notes(target, none)).toBe('')
})

test.each<[RunTarget, WeightsMount, string]>([
  ['kubernetes', folder, 'nothing fills the claim a-weights: put the files of the model'],
  ['kubernetes', volume, 'nothing fills the claim a-weights: put a cache in the layout of the Hub'],
  ['docker', volume, 'nothing here fills the volume a-weights'],
  ['compose', volume, 'nothing here fills the volume a-weights'],
  ['quadlet', volume, 'nothing here fills the volume a-weights'],
  ['quadlet', folder, 'into /srv/models/a.'],
  ['docker', folder, 'with --selinux'],
  ['compose', folder, 'with --selinux'],
  ['quadlet', folder, 'with --selinux'],
])('%s of %j says %j', (target, weights, words) => {
  expect(notes(target, weights)).toContain(words)
})

test('a claim that is named is filled, and a label that is asked for is no advice any more', () => {
  expect(notes('kubernetes', folder, 0, { claim: 'b' })).toBe(
    'Weights: the claim b holds the files of the model at its root.',
  )
  expect(notes('quadlet', folder, 0, { hasSelinux: true })).not.toContain('--selinux')
})

test.each<[RunTarget, string[], string[]]>([
  ['docker', ['setsebool'], ['nvidia-ctk', 'podman-compose']],
  ['compose', ['setsebool', 'nvidia-ctk', 'podman-compose'], []],
  ['quadlet', ['setsebool', 'nvidia-ctk'], ['podman-compose']],
  ['kubernetes', [], ['setsebool', 'nvidia-ctk', 'podman-compose']],
  ['kserve', [], ['setsebool', 'nvidia-ctk', 'podman-compose']],
  ['helm', [], ['setsebool', 'nvidia-ctk', 'podman-compose']],
])('%s with GPUs says %j and not %j', (target, said, left) => {
  const text = notes(target, none, 1)
  for (const word of said) expect(text).toContain(word)
  for (const word of left) expect(text).not.toContain(word)
})

test('Podman’s secrets are made before the unit starts', () => {
  const wishes = { secretVariables: [{ variable: 'KEY', secret: 'llama', key: 'api' }] }
  expect(notes('quadlet', none, 0, wishes)).toContain('podman secret create llama-api FILE')
  expect(notes('kubernetes', none, 0, wishes)).toBe('')
})
