import { composeFile } from './compose.ts'
import { dockerScript } from './docker.ts'
import type { RunFacts } from './facts.ts'
import { kubernetesFile } from './kubernetes.ts'
import { anywhere, type Placement } from './placement.ts'
import { quadletUnit } from './quadlet.ts'
import type { RunTarget } from './targets.ts'

export interface RunFile {
  name: string
  content: string
}

/** The file that starts an image with this tool, where the site wants it. */
export function runFileFor(target: RunTarget, facts: RunFacts, placement: Placement = anywhere): RunFile {
  switch (target) {
    case 'docker':
      return { name: `${facts.name}.sh`, content: dockerScript(facts, placement) }
    case 'compose':
      return { name: `${facts.name}.compose.yaml`, content: composeFile(facts, placement) }
    case 'kubernetes':
      return { name: `${facts.name}.kubernetes.yaml`, content: kubernetesFile(facts, placement) }
    case 'quadlet':
      return { name: `${facts.name}.container`, content: quadletUnit(facts, placement) }
  }
}
