import { workerAddresses } from '../engines/machines.ts'
import type { RunFacts } from './facts.ts'
import { workerFacts } from './machines.ts'
import { notesOf, podmanSecret } from './notes.ts'
import type { Placement } from './placement.ts'
import type { RunWorkers } from './run-machines.ts'
import { cardNodes, cdiNames, commentOf, mebibytes, needsLowPort, workerComment } from './words.ts'

/** As every container here is started, server or worker. */
const hardened = [
  'Pull=missing',
  'ReadOnly=true',
  'DropCapability=all',
  'NoNewPrivileges=true',
  'Tmpfs=/tmp:rw,nosuid,nodev,exec,mode=1777',
]

/** What quadlet has no keys of its own for. */
function podmanArguments({ stopSeconds, memoryLimitBytes }: RunFacts): string {
  const memory = memoryLimitBytes === undefined ? '' : ` --memory ${mebibytes(memoryLimitBytes)}m`
  return `PodmanArgs=--stop-timeout ${stopSeconds}${memory}`
}

/** A unit for Podman's systemd generator: put it into ~/.config/containers/systemd/ or /etc/containers/systemd/. */
export function quadletUnit(facts: RunFacts, placement: Placement): string {
  const { name, port } = facts
  return [
    ...commentOf(facts, notesOf('quadlet', facts, placement)),
    '[Unit]',
    `Description=${name} serves ${facts.model}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Container]',
    `ContainerName=${name}`,
    `Image=${facts.image}`,
    ...hardened,
    `ShmSize=${mebibytes(facts.sharedMemoryBytes)}m`,
    `PublishPort=127.0.0.1:${port}:${port}`,
    ...(needsLowPort(facts) ? ['Sysctl=net.ipv4.ip_unprivileged_port_start=0'] : []),
    ...deviceLines(facts, placement),
    ...secretLines(placement),
    ...workerLines(facts),
    ...mountLines(facts, placement),
    podmanArguments(facts),
    '',
    '[Service]',
    'Restart=always',
    `TimeoutStartSec=${facts.startSeconds + 900}`,
    `TimeoutStopSec=${facts.stopSeconds + 10}`,
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n')
}

/** A name of a worker is where its machine stands until somebody writes its address there. */
function workerLines({ machines }: RunFacts): string[] {
  if (machines === undefined) return []
  const { variable, count, port } = machines
  return [`Environment=${variable}=${workerAddresses(count, port)}`]
}

/** A worker on a machine of its own. It is reached from there alone until somebody writes another address. */
export function quadletWorkerUnit(facts: RunFacts, workers: RunWorkers): string {
  const own = workerFacts(facts, workers)
  const { name, image, port, stopSeconds } = own
  const [program = '', ...words] = workers.command
  return [
    ...workerComment(facts, workers),
    `# Write the address of this machine in the network of the server in place of 127.0.0.1.`,
    '[Unit]',
    `Description=${name} holds layers for ${facts.name}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Container]',
    `ContainerName=${name}`,
    `Image=${image}`,
    `Entrypoint=${program}`,
    `Exec=${words.join(' ')}`,
    ...hardened,
    `PublishPort=127.0.0.1:${port}:${port}`,
    podmanArguments(own),
    '',
    '[Service]',
    'Restart=always',
    'TimeoutStartSec=900',
    `TimeoutStopSec=${stopSeconds + 10}`,
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n')
}

/** Rootless, the groups of the caller stay, who must be in the one of the nodes. */
function deviceLines(facts: RunFacts, { devices }: Placement): string[] {
  const nodes = cardNodes(facts)
  if (nodes !== null)
    return [
      ...nodes.map((node) => `AddDevice=${node}`),
      ...(nodes.length === 0 ? [] : ['GroupAdd=keep-groups']),
    ]
  return cdiNames(facts.gpus, devices).map((device) => `AddDevice=${device}`)
}

function secretLines({ secretVariables }: Placement): string[] {
  return secretVariables.map(
    (variable) => `Secret=${podmanSecret(variable)},type=env,target=${variable.variable}`,
  )
}

function mountLines({ name, weights }: RunFacts, { hasSelinux }: Placement): string[] {
  switch (weights.type) {
    case 'none':
      return []
    case 'folder':
      return [`Volume=/srv/models/${name}:${weights.folder}:ro${hasSelinux ? ',z' : ''}`]
    case 'volume':
      return [`Volume=${name}-weights:${weights.folder}:ro`]
    case 'image':
      // Podman 5.4 and later know subpath.
      return [
        `Mount=type=image,source=${weights.reference},destination=${weights.folder},subpath=${weights.folder}`,
      ]
  }
}
