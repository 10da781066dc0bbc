import { composeFile, composeWorkerFile } from './compose.ts'
import { dockerScript, dockerWorkerScript } from './docker.ts'
import type { RunFacts } from './facts.ts'
import { helmChart } from './helm.ts'
import { kserveFile } from './kserve.ts'
import { kserveLlmFile } from './kserve-llm.ts'
import { kubernetesFile } from './kubernetes.ts'
import { workersName } from './machines.ts'
import { anywhere, type Placement } from './placement.ts'
import { quadletUnit, quadletWorkerUnit } from './quadlet.ts'
import type { FileTarget, RunFile, RunTarget } from './targets.ts'

/** The files that start an image with this tool: one, or those of a chart. */
export function runFilesFor(
  target: RunTarget,
  facts: RunFacts,
  placement: Placement = anywhere,
): readonly RunFile[] {
  return target === 'helm'
    ? helmChart(facts, siteOf(facts, placement))
    : [runFileFor(target, facts, placement), ...workerFilesFor(target, facts)]
}

/** What starts a worker, on each machine that is to be one; a cluster's file has them in it. */
function workerFilesFor(target: FileTarget, facts: RunFacts): RunFile[] {
  const { machines } = facts
  if (machines === undefined) return []
  const name = workersName(facts.name)
  switch (target) {
    case 'docker':
      return [{ name: `${name}.sh`, content: dockerWorkerScript(facts, machines) }]
    case 'compose':
      return [{ name: `${name}.compose.yaml`, content: composeWorkerFile(facts, machines) }]
    case 'quadlet':
      return [{ name: `${name}.container`, content: quadletWorkerUnit(facts, machines) }]
    default:
      return []
  }
}

/** The file that starts an image with this tool, where the site wants it. */
export function runFileFor(target: FileTarget, facts: RunFacts, placement: Placement = anywhere): RunFile {
  const site = siteOf(facts, placement)
  switch (target) {
    case 'docker':
      return { name: `${facts.name}.sh`, content: dockerScript(facts, site) }
    case 'compose':
      return { name: `${facts.name}.compose.yaml`, content: composeFile(facts, site) }
    case 'kubernetes':
      return { name: `${facts.name}.kubernetes.yaml`, content: kubernetesFile(facts, site) }
    case 'kserve':
      return { name: `${facts.name}.kserve.yaml`, content: kserveFile(facts, site) }
    case 'kserve-llm':
      return { name: `${facts.name}.kserve-llm.yaml`, content: kserveLlmFile(facts, site) }
    case 'quadlet':
      return { name: `${facts.name}.container`, content: quadletUnit(facts, site) }
  }
}

function siteOf(facts: RunFacts, placement: Placement): Placement {
  return onArchitecture(facts, withKey(facts, placement))
}

/** An image of one platform starts on no other node; whoever names the label decides. */
function onArchitecture({ architecture }: RunFacts, placement: Placement): Placement {
  if (architecture === undefined) return placement
  return { ...placement, nodeSelector: { [architectureLabel]: architecture, ...placement.nodeSelector } }
}

const architectureLabel = 'kubernetes.io/arch'

/** The key is one more variable out of a secret, unless the site names another secret for it. */
function withKey({ apiKey }: RunFacts, placement: Placement): Placement {
  const { secretVariables } = placement
  if (apiKey === undefined || secretVariables.some(({ variable }) => variable === apiKey.variable))
    return placement
  return { ...placement, secretVariables: [apiKey, ...secretVariables] }
}
