import type { RunFacts, WeightsMount } from './facts.ts'
import { givenVariables, workerAddressWords, workerFacts } from './machines.ts'
import { notesOf } from './notes.ts'
import type { Placement } from './placement.ts'
import type { RunWorkers } from './run-machines.ts'
import {
  cardNodes,
  commentOf,
  computeNode,
  mebibytes,
  needsLowPort,
  renderNode,
  workerComment,
} from './words.ts'

/** As every container here is started, server or worker. */
const hardened = [
  '--detach',
  '--restart unless-stopped',
  '--read-only',
  // Compilers of kernels load what they write there.
  '--tmpfs /tmp:rw,nosuid,nodev,exec',
  '--cap-drop ALL',
  '--security-opt no-new-privileges',
]

/** One `docker run` in a script: hardened as the boot was. Podman takes the same line, but for `--gpus`. */
export function dockerScript(facts: RunFacts, placement: Placement): string {
  const { name, image, port } = facts
  const options = [
    `--name ${name}`,
    ...hardened,
    `--shm-size ${mebibytes(facts.sharedMemoryBytes)}m`,
    ...(facts.memoryLimitBytes === undefined ? [] : [`--memory ${mebibytes(facts.memoryLimitBytes)}m`]),
    ...gpuOptions(facts, placement),
    ...(needsLowPort(facts) ? ['--sysctl net.ipv4.ip_unprivileged_port_start=0'] : []),
    `--stop-timeout ${facts.stopSeconds}`,
    `--publish 127.0.0.1:${port}:${port}`,
    ...givenVariables(facts, placement).map(({ variable }) => `--env ${variable}`),
    ...mountOptions(facts, placement),
  ]
  return [
    '#!/bin/sh',
    ...commentOf(facts, notesOf('docker', facts, placement)),
    'set -eu',
    ...givenVariables(facts, placement).map(({ variable, words }) => `: "\${${variable}:?${words}}"`),
    `exec docker run ${options.join(' \\\n  ')} \\\n  ${image}`,
    '',
  ].join('\n')
}

/** A worker on a machine of its own, of which one address is in the network of the server. */
export function dockerWorkerScript(facts: RunFacts, workers: RunWorkers): string {
  const { name, image, port, memoryLimitBytes } = workerFacts(facts, workers)
  const [program = '', ...words] = workers.command
  const options = [
    `--name ${name}`,
    ...hardened,
    ...(memoryLimitBytes === undefined ? [] : [`--memory ${mebibytes(memoryLimitBytes)}m`]),
    `--stop-timeout ${facts.stopSeconds}`,
    `--publish "\${INGOT_WORKER_ADDRESS:?${workerAddressWords}}":${port}:${port}`,
    `--entrypoint ${program}`,
  ]
  return [
    '#!/bin/sh',
    ...workerComment(facts, workers),
    'set -eu',
    `exec docker run ${options.join(' \\\n  ')} \\\n  ${image} \\\n  ${words.join(' ')}`,
    '',
  ].join('\n')
}

/** The user of the image is in no group that may open the nodes of cards; the number of that group is the host's. */
function gpuOptions(facts: RunFacts, { devices }: Placement): string[] {
  const nodes = cardNodes(facts)
  if (nodes !== null)
    return nodes.flatMap((node) => [
      `--device ${node}`,
      `--group-add "$(stat -c %g ${node === computeNode ? node : renderNode})"`,
    ])
  const { gpus } = facts
  return gpus === 0 ? [] : [`--gpus ${gpuSpec(gpus, devices)}`]
}

/** A list of devices has commas, which Docker reads as CSV: hence quotes within quotes. */
function gpuSpec(gpus: number, devices: readonly number[] | undefined): string {
  return devices === undefined ? String(gpus) : `'"device=${devices.join(',')}"'`
}

function mountOptions({ name, weights }: RunFacts, { hasSelinux }: Placement): string[] {
  // `--mount` of Docker has no word for labels.
  if (hasSelinux && weights.type === 'folder')
    return [`--volume "\${INGOT_WEIGHTS:?folder with the model files}":${weights.folder}:ro,z`]
  const spec = mountSpec(name, weights)
  return spec === undefined ? [] : [`--mount ${spec}`]
}

function mountSpec(name: string, weights: WeightsMount): string | undefined {
  switch (weights.type) {
    case 'none':
      return undefined
    case 'folder':
      return `type=bind,source="\${INGOT_WEIGHTS:?folder with the model files}",target=${weights.folder},readonly`
    case 'volume':
      return `type=volume,source=${name}-weights,target=${weights.folder},readonly`
    case 'image':
      // Docker 28 and later.
      return `type=image,source=${weights.reference},target=${weights.folder},image-subpath=${weights.folder.slice(1)}`
  }
}
