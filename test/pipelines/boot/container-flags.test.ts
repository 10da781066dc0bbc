import { expect, test } from 'vitest'
import { bootProfiles } from '../../../images/boot/runtime-spec.ts'
import { digestOf } from '../../../lib/digest.ts'
import {
  type FlagOptions,
  gpuCount,
  parseGpuChoice,
  profileFlags,
} from '../../../pipelines/boot/container-flags.ts'

const options: FlagOptions = { tool: 'docker', network: 'none', gpus: null, memoryBytes: null, names: '/n' }

function flagsOf(name: 'hostile' | 'plain', given: Partial<FlagOptions> = {}): string {
  const [profile] = bootProfiles([name], 1024)
  if (profile === undefined) throw new Error('no profile')
  return profileFlags({ image: digestOf('i'), profile, port: 8080 }, { ...options, ...given }).join(' ')
}

test('the hostile profile as flags of Docker', () => {
  expect(flagsOf('hostile', { memoryBytes: 2e9 })).toBe(
    '--user 54321:0 --read-only --cap-drop ALL --security-opt no-new-privileges --network none --hostname ingot --sysctl net.ipv4.ip_unprivileged_port_start=0 --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777 --shm-size 1024b --memory 2000000000b --volume /n/hosts:/etc/hosts:ro,z --volume /n/resolv.conf:/etc/resolv.conf:ro,z',
  )
})

test('Podman is told to give the user and the root file system nothing more', () => {
  expect(flagsOf('hostile', { tool: 'podman' })).toContain('--passwd=false --read-only-tmpfs=false')
})

test('the plain profile may write and still has no capability and no network', () => {
  const flags = flagsOf('plain')
  expect(flags).not.toContain('--read-only')
  expect(flags).toContain('--user 10001:0')
  expect(flags).toContain('--cap-drop ALL --security-opt no-new-privileges --network none')
})

test.each([
  ['all', 'docker', '--gpus all', 4],
  ['2', 'docker', '--gpus 2', 2],
  ['0,3', 'docker', '--gpus "device=0,3"', 2],
  ['all', 'podman', '--device nvidia.com/gpu=all', 4],
  ['2', 'podman', '--device nvidia.com/gpu=0 --device nvidia.com/gpu=1', 2],
  ['nvidia.com/gpu=all', 'docker', '--device nvidia.com/gpu=all', 4],
  ['nvidia.com/gpu=1', 'docker', '--device nvidia.com/gpu=1', 1],
  ['nvidia.com/gpu=0,3', 'docker', '--device nvidia.com/gpu=0 --device nvidia.com/gpu=3', 2],
  ['device=3', 'podman', '--device nvidia.com/gpu=3', 1],
] as const)('--gpus %s in %s', (text, tool, flags, count) => {
  const gpus = parseGpuChoice(text)
  expect(flagsOf('plain', { tool, gpus }).endsWith(flags)).toBe(true)
  expect(gpuCount(gpus, 4)).toBe(count)
})

test.each(['', '0x', 'none', '1,', '-1', 'all,0', '0;rm', 'nvidia.com/gpu=', 'amd.com/gpu=all'])(
  '--gpus %j is refused',
  (text) => {
    expect(parseGpuChoice(text)).toBeNull()
  },
)
