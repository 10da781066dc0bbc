import type { Json } from '../../lib/json.ts'
import type { RunFacts, WeightsMount } from './facts.ts'
import { commentOf, mebibytes, needsLowPort } from './words.ts'
import { yamlOf } from './yaml.ts'

/** A Compose file (the Compose Specification; `docker compose` and `podman compose`). */
export function composeFile(facts: RunFacts): string {
  const { name } = facts
  const volume = facts.weights.type === 'volume' ? { [`${name}-weights`]: { external: true } } : undefined
  return [...commentOf(facts), yamlOf({ name, services: { [name]: service(facts) }, volumes: volume })].join(
    '\n',
  )
}

function service(facts: RunFacts): Json {
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
    volumes: volumesOf(facts.name, facts.weights),
    deploy:
      facts.gpus === 0
        ? undefined
        : {
            resources: {
              reservations: {
                devices: [{ driver: 'nvidia', count: facts.gpus, capabilities: ['gpu'] }],
              },
            },
          },
  }
}

function volumesOf(name: string, weights: WeightsMount): Json | undefined {
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
          bind: { create_host_path: false },
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
