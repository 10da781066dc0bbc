import type { Option } from '../../command-line/option-table.ts'

/** How every command that boots is told where. */
export const runnerOptions = {
  runner: {
    kind: 'text',
    values: ['dagger', 'docker', 'podman'],
    default: 'dagger',
    help: 'what boots it',
  },
  gpus: {
    kind: 'text',
    value: 'GPUS',
    known: ['all', 'dri'],
    help: 'GPUs to hand to it: all, a number of them, indexes such as 0,1, or nvidia.com/gpu=all by CDI; dri for the cards of /dev/dri (Vulkan, ROCm); docker and podman only',
  },
} as const satisfies Record<string, Option>
