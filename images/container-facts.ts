/** What the kernel says about the booted server, as the harness reads it under /proc. */
export interface ContainerFacts {
  running: boolean
  uid: number
  gid: number
  /** Capability sets as hex; all zero when there is none. */
  capabilities: string[]
  noNewPrivileges: boolean
  rootReadOnly: boolean
  /** Packets that left over the interface which leads nowhere: every attempt to reach the outside. */
  outwardPackets: number
  interfaces: string[]
  peakMemoryBytes: number
  exitCode: number | null
}

/** Parses the `key value` lines of the harness; see `facts` in pipelines/boot/harness.sh. Missing lines give NaN or false. */
export function parseFacts(text: string): ContainerFacts {
  const lines = text.split('\n').map((line) => line.split(/\s+/))
  const values = (key: string) => lines.find(([first]) => first === key)?.slice(1) ?? []
  const number = (key: string) => Number(values(key)[0] ?? Number.NaN)
  const exit = values('exit')[0]
  return {
    running: values('state')[0] === 'running',
    uid: number('Uid:'),
    gid: number('Gid:'),
    capabilities: ['CapInh:', 'CapPrm:', 'CapEff:', 'CapBnd:', 'CapAmb:'].map(
      (key) => values(key)[0] ?? 'unknown',
    ),
    noNewPrivileges: values('NoNewPrivs:')[0] === '1',
    rootReadOnly: (values('root')[0] ?? '').split(',').includes('ro'),
    outwardPackets: number('outward'),
    interfaces: values('interfaces'),
    peakMemoryBytes: number('VmHWM:') * 1024,
    exitCode: exit === undefined ? null : Number(exit),
  }
}
