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
  const site = withKey(facts, placement)
  switch (target) {
    case 'docker':
      return { name: `${facts.name}.sh`, content: dockerScript(facts, site) }
    case 'compose':
      return { name: `${facts.name}.compose.yaml`, content: composeFile(facts, site) }
    case 'kubernetes':
      return { name: `${facts.name}.kubernetes.yaml`, content: kubernetesFile(facts, site) }
    case 'quadlet':
      return { name: `${facts.name}.container`, content: quadletUnit(facts, site) }
  }
}

/** The key is one more variable out of a secret, unless the site names another secret for it. */
function withKey({ apiKey }: RunFacts, placement: Placement): Placement {
  const { secretVariables } = placement
  if (apiKey === undefined || secretVariables.some(({ variable }) => variable === apiKey.variable))
    return placement
  return { ...placement, secretVariables: [apiKey, ...secretVariables] }
}
