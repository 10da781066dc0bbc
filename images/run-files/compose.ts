import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { givenVariables, workerAddressWords, workerFacts } from './machines.ts'
import { notesOf } from './notes.ts'
import { anywhere, type Placement } from './placement.ts'
import type { RunWorkers } from './run-machines.ts'
import {
  cardNodes,
  cdiNames,
  commentOf,
  mebibytes,
  needsLowPort,
  renderNode,
  workerComment,
} from './words.ts'
import { yamlOf } from './yaml.ts'

/** A Compose file (the Compose Specification), for `docker compose` and podman-compose. */
export function composeFile(facts: RunFacts, placement: Placement): string {
  const { name } = facts
  const volume = facts.weights.type === 'volume' ? { [`${name}-weights`]: { external: true } } : undefined
  const file = { name, services: { [name]: service(facts, placement) }, volumes: volume }
  return [...commentOf(facts, notesOf('compose', facts, placement)), yamlOf(file)].join('\n')
}

function service(facts: RunFacts, placement: Placement): { readonly [key: string]: Json | undefined } {
  const { port } = facts
  return {
    image: facts.image,
    restart: 'unless-stopped',
    read_only: true,
    tmpfs: ['/tmp:rw,nosuid,nodev,exec'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    shm_size: `${mebibytes(facts.sharedMemoryBytes)}m`,
    mem_limit: facts.memoryLimitBytes === undefined ? undefined : `${mebibytes(facts.memoryLimitBytes)}m`,
    sysctls: needsLowPort(facts) ? { 'net.ipv4.ip_unprivileged_port_start': '0' } : undefined,
    stop_grace_period: `${facts.stopSeconds}s`,
    ports: [`127.0.0.1:${port}:${port}`],
    environment: variablesOf(facts, placement),
    volumes: volumesOf(facts, placement),
    // podman-compose before 1.2 skips `deploy` without a word, and the server then computes on the CPU.
    ...devicesOf(facts, placement),
  }
}

function devicesOf(facts: RunFacts, placement: Placement): Record<string, Json> {
  const nodes = cardNodes(facts)
  if (nodes !== null)
    return nodes.length === 0
      ? {}
      : {
          devices: nodes.map((node) => `${node}:${node}`),
          // ROCm's node has the same group by the rules of udev, and a list with a group twice is refused.
          group_add: [`\${RENDER_GROUP:?number of the group of ${renderNode}}`],
        }
  const { gpus } = facts
  return gpus === 0 ? {} : { devices: cdiNames(gpus, placement.devices) }
}

/** From the environment of the caller, which has to have them. */
function variablesOf(facts: RunFacts, placement: Placement): Json | undefined {
  const given = givenVariables(facts, placement)
  if (given.length === 0) return undefined
  return Object.fromEntries(given.map(({ variable, words }) => [variable, `\${${variable}:?${words}}`]))
}

/** A worker on a machine of its own, of which one address is in the network of the server. */
export function composeWorkerFile(facts: RunFacts, workers: RunWorkers): string {
  const own = workerFacts(facts, workers)
  const { ports: _, environment: __, ...plain } = service(own, anywhere)
  const published = `\${INGOT_WORKER_ADDRESS:?${workerAddressWords}}:${own.port}:${own.port}`
  const worker = { ...plain, entrypoint: [...workers.command], command: [], ports: [published] }
  const file = { name: own.name, services: { [own.name]: worker } }
  return [...workerComment(facts, workers), yamlOf(file)].join('\n')
}

function volumesOf({ name, weights }: RunFacts, { hasSelinux }: Placement): Json | undefined {
  switch (weights.type) {
    case 'none':
      return undefined
    case 'folder':
      return [
        {
          type: 'bind',
          source: `\${INGOT_WEIGHTS:?folder with the model files}`,
          target: weights.folder,
          read_only: true,
          bind: { create_host_path: false, selinux: hasSelinux ? 'z' : undefined },
        },
      ]
    case 'volume':
      return [{ type: 'volume', source: `${name}-weights`, target: weights.folder, read_only: true }]
    case 'image':
      return [
        {
          type: 'image',
          source: weights.reference,
          target: weights.folder,
          image: { subpath: weights.folder.slice(1) },
        },
      ]
  }
}
