import type { RunFacts, WeightsMount } from './facts.ts'
import { commentOf, mebibytes, needsLowPort } from './words.ts'

/** A unit for Podman's systemd generator: put it into ~/.config/containers/systemd/ or /etc/containers/systemd/. */
export function quadletUnit(facts: RunFacts): string {
  const { name, port } = facts
  return [
    ...commentOf(facts),
    '[Unit]',
    `Description=${name} serves ${facts.model}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Container]',
    `ContainerName=${name}`,
    `Image=${facts.image}`,
    'Pull=missing',
    'ReadOnly=true',
    'DropCapability=all',
    'NoNewPrivileges=true',
    'Tmpfs=/tmp:rw,nosuid,nodev,exec,mode=1777',
    `ShmSize=${mebibytes(facts.sharedMemoryBytes)}m`,
    `PublishPort=127.0.0.1:${port}:${port}`,
    ...(needsLowPort(facts) ? ['Sysctl=net.ipv4.ip_unprivileged_port_start=0'] : []),
    ...gpuLines(facts.gpus),
    ...mountLines(name, facts.weights),
    `PodmanArgs=--stop-timeout ${facts.stopSeconds}${facts.memoryLimitBytes === undefined ? '' : ` --memory ${mebibytes(facts.memoryLimitBytes)}m`}`,
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

/** By CDI; `nvidia-ctk cdi generate` writes the names once on each host. */
function gpuLines(gpus: number): string[] {
  return Array.from({ length: gpus }, (_, index) => `AddDevice=nvidia.com/gpu=${index}`)
}

function mountLines(name: string, weights: WeightsMount): string[] {
  switch (weights.type) {
    case 'none':
      return []
    case 'folder':
      return [`Volume=/srv/models/${name}:${weights.folder}:ro`]
    case 'volume':
      return [`Volume=${name}-weights:${weights.folder}:ro`]
    case 'image':
      // Podman 5.4 and later know subpath.
      return [
        `Mount=type=image,source=${weights.reference},destination=${weights.folder},subpath=${weights.folder}`,
      ]
  }
}
