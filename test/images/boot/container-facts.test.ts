import { expect, test } from 'vitest'
import { parseFacts } from '../../../images/boot/container-facts.ts'
import { parseCudaVersion, parseGpus } from '../../../images/boot/runner-facts.ts'

const status = `Name:	llama-server
Uid:	54321	54321	54321	54321
Gid:	0	0	0	0
VmHWM:	  319788 kB
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	00000000a80425fb
CapAmb:	0000000000000000
NoNewPrivs:	1
root ro,relatime
interfaces lo sink
sent udp 192.0.2.1:53 look-up of example.org
outward 0
refused 3
cgroup-peak 229801984
processes 2
resident-kib 319788
`

test('facts are read from what the kernel shows', () => {
  expect(parseFacts(status)).toEqual({
    uid: 54321,
    gid: 0,
    capabilities: [
      '0000000000000000',
      '0000000000000000',
      '0000000000000000',
      '00000000a80425fb',
      '0000000000000000',
    ],
    noNewPrivileges: true,
    rootReadOnly: true,
    outwardPackets: 0,
    outwardRefused: 3,
    interfaces: ['lo', 'sink'],
    sent: ['udp 192.0.2.1:53 look-up of example.org'],
    cgroupPeakBytes: 229801984,
    residentPeakBytes: 319788 * 1024,
    processes: 2,
  })
})

test('what is not there is null, and a value that is missing is not 0', () => {
  const facts = parseFacts('outward \nrefused\nroot rw,relatime\n')
  expect(facts).toMatchObject({
    uid: null,
    outwardPackets: null,
    outwardRefused: null,
    noNewPrivileges: null,
  })
  expect(facts).toMatchObject({
    capabilities: [],
    interfaces: [],
    rootReadOnly: false,
    cgroupPeakBytes: null,
  })
})

test('GPUs are read from nvidia-smi', () => {
  const csv = '550.54.15, 9.0, 81559, NVIDIA H100 80GB HBM3\n550.54.15, [N/A], 23034, NVIDIA L4, odd\n'
  expect(parseGpus(csv)).toEqual({
    driver: '550.54.15',
    gpus: [
      { name: 'NVIDIA H100 80GB HBM3', memoryBytes: 81559 * 1024 ** 2, capability: 9 },
      { name: 'NVIDIA L4, odd', memoryBytes: 23034 * 1024 ** 2, capability: null },
    ],
  })
  expect(parseGpus('')).toEqual({ driver: null, gpus: [] })
})

test('the CUDA version is read from the head of nvidia-smi', () => {
  const head = '| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |'
  expect(parseCudaVersion(head)).toBe('12.4')
  expect(parseCudaVersion('NVIDIA-SMI has failed')).toBeNull()
})
