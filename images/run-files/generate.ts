import { composeFile } from './compose.ts'
import { dockerScript } from './docker.ts'
import type { RunFacts } from './facts.ts'
import { kubernetesFile } from './kubernetes.ts'
import { quadletUnit } from './quadlet.ts'

export const runTargets = ['docker', 'compose', 'kubernetes', 'quadlet'] as const
export type RunTarget = (typeof runTargets)[number]

export interface RunFile {
  name: string
  content: string
}

/** The file that starts an image with this tool. */
export function runFileFor(target: RunTarget, facts: RunFacts): RunFile {
  switch (target) {
    case 'docker':
      return { name: `${facts.name}.sh`, content: dockerScript(facts) }
    case 'compose':
      return { name: `${facts.name}.compose.yaml`, content: composeFile(facts) }
    case 'kubernetes':
      return { name: `${facts.name}.kubernetes.yaml`, content: kubernetesFile(facts) }
    case 'quadlet':
      return { name: `${facts.name}.container`, content: quadletUnit(facts) }
  }
}
