import type { VulkanDriver } from '../../recipes/recipe.ts'
import type { RunFacts } from './facts.ts'
import { workersName } from './machines.ts'
import type { Placement } from './placement.ts'
import { isClusterTarget, type RunTarget } from './targets.ts'
import { computeNode, renderNode, usesCards } from './words.ts'

/** What a person has to do before a file starts anything: sentences for its head. */
export function notesOf(target: RunTarget, facts: RunFacts, placement: Placement): string[] {
  return [
    ...weightsNotes(target, facts, placement),
    ...gpuNotes(target, facts),
    ...workerNotes(target, facts),
    ...(isClusterTarget(target) ? healthNotes(facts) : selinuxNotes(facts, placement)),
    ...(target === 'quadlet' ? secretNotes(placement) : []),
    ...keyNotes(target, facts, placement),
  ]
}

function weightsNotes(target: RunTarget, { name, weights }: RunFacts, { claim }: Placement): string[] {
  if (weights.type !== 'folder' && weights.type !== 'volume') return []
  const held = weights.type === 'folder' ? 'the files of the model' : 'a cache in the layout of the Hub'
  if (isClusterTarget(target))
    return claim === undefined
      ? [
          `Weights: nothing fills the claim ${name}-weights: put ${held} at its root, or name a filled claim with --claim.`,
          'Many storage classes make no ReadOnlyMany volumes: then the claim stays pending.',
        ]
      : [`Weights: the claim ${claim} holds ${held} at its root.`]
  if (weights.type === 'volume')
    return [`Weights: nothing here fills the volume ${name}-weights: put ${held} at its root.`]
  return target === 'quadlet' ? [`Weights: put ${held} into /srv/models/${name}.`] : []
}

function workerNotes(target: RunTarget, { name, machines }: RunFacts): string[] {
  if (machines === undefined) return []
  const { count, port, variable } = machines
  if (isClusterTarget(target))
    return [
      `Workers: ${count} of them, each on a node of its own; whoever reaches port ${port} can use and crash them, so the policy of ${workersName(name)} must hold: the network plug-in has to enforce policies.`,
      'Workers: the server ends and starts again until all of them are there, and when one is lost.',
    ]
  return [
    `Workers: start ${workersName(name)} on ${count} machines first; the server ends and starts again until all of them are there.`,
    `Workers: ${variable} is HOST:${port} of each, with commas between${target === 'quadlet' ? '; write their addresses below' : ''}.`,
  ]
}

function cardNotes(target: RunTarget, drivers: readonly VulkanDriver[]): string[] {
  const names = drivers.join(', ')
  if (isClusterTarget(target))
    return drivers.filter((name) => name !== 'software').length < 2
      ? []
      : [
          `GPUs: the image has drivers for ${names}; the resource below is that of the first, so write that of your cards.`,
        ]
  if (target === 'compose' && usesCards(drivers)) return [`GPUs: RENDER_GROUP=$(stat -c %g ${renderNode}).`]
  if (target === 'quadlet' && usesCards(drivers))
    return ['GPUs: the user that starts the unit must be in the group of /dev/dri/renderD*.']
  return []
}

function computeNotes(target: RunTarget): string[] {
  if (target === 'compose')
    return [`GPUs: RENDER_GROUP=$(stat -c %g ${renderNode}), which must be the group of ${computeNode} too.`]
  if (target === 'quadlet')
    return [
      `GPUs: the user that starts the unit must be in the groups of /dev/dri/renderD* and ${computeNode}.`,
    ]
  return []
}

function gpuNotes(target: RunTarget, { gpus, vulkan, rocm }: RunFacts): string[] {
  if (rocm) return computeNotes(target)
  if (vulkan !== undefined) return cardNotes(target, vulkan)
  if (gpus === 0 || target === 'docker' || isClusterTarget(target)) return []
  const tools =
    target === 'compose'
      ? [
          'GPUs: by CDI, as podman-compose reads it, and Compose from 2.30 with Docker from 28.2 (from 25 with `features.cdi`).',
          '`podman compose` hands this file to docker-compose, and older ones of Podman lose the GPUs on that way: use podman-compose.',
        ]
      : []
  return [...tools, 'GPUs: `nvidia-ctk cdi generate` writes their names once on each host.']
}

/** Kubernetes labels volumes by itself, and its device plugin sees to the devices. */
function selinuxNotes({ gpus, weights }: RunFacts, { hasSelinux }: Placement): string[] {
  const folder = hasSelinux
    ? 'SELinux: z gives the folder of weights, with all that is in it, the label that containers may read.'
    : 'SELinux: where it is enforced, make this file with --selinux.'
  const devices = 'SELinux: where it is enforced, GPUs need `setsebool -P container_use_devices on`.'
  return [...(weights.type === 'folder' ? [folder] : []), ...(gpus > 0 ? [devices] : [])]
}

function healthNotes({ healthSource }: RunFacts): string[] {
  return healthSource === undefined ? [] : [`Probes: ${healthSource}.`]
}

/** Who has no key yet makes one; the other secrets of a site are there already. */
function keyNotes(target: RunTarget, { apiKey }: RunFacts, { secretVariables }: Placement): string[] {
  const used = secretVariables.find(({ variable }) => variable === apiKey?.variable)
  if (used === undefined) return []
  const { variable, secret, key } = used
  const words = 'one line of letters and digits, such as `openssl rand -hex 32` prints'
  switch (target) {
    case 'kubernetes':
    case 'kserve':
    case 'kserve-llm':
    case 'helm':
      return [
        `Key: \`kubectl create secret generic ${secret} --from-file=${key}=FILE\`; FILE holds the key without a line break.`,
        'Prometheus needs the key, too; the probes of this file do not.',
      ]
    case 'compose':
      return [
        `Key: ${variable} in the environment or in a file .env beside this one, readable by you alone: ${words}.`,
      ]
    case 'docker':
      return [`Key: ${variable} in the environment of this script: ${words}.`]
    case 'quadlet':
      return [`Key: FILE holds ${words}, without a line break.`]
  }
}

function secretNotes({ secretVariables }: Placement): string[] {
  return secretVariables.map(
    (variable) => `Secrets: \`podman secret create ${podmanSecret(variable)} FILE\`.`,
  )
}

/** Secrets of Podman have no keys. */
export function podmanSecret({ secret, key }: { secret: string; key: string }): string {
  return `${secret}-${key}`
}
