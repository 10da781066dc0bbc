/** What the kernel says about the booted server; null where it could not be read. */
export interface ContainerFacts {
  uid: number | null
  gid: number | null
  /** Capability sets as hex; all zero when there is none, empty when they could not be read. */
  capabilities: string[]
  noNewPrivileges: boolean | null
  rootReadOnly: boolean | null
  /** Packets that left over the interface which leads nowhere: name look-ups and connections to the outside. */
  outwardPackets: number | null
  /** Attempts to reach an address that no route leads to, by the kernel's own count for both IP versions. */
  outwardRefused: number | null
  interfaces: string[]
  /** What left over that interface, a line for each packet; empty also where the runner only counts. */
  sent: string[]
  /** Peak that was charged to the container's control group. */
  cgroupPeakBytes: number | null
  /** Largest resident sizes of all its processes, added up. */
  residentPeakBytes: number | null
  processes: number | null
}

/** Parses the `key value` lines that pipelines/boot/facts.sh prints. */
export function parseFacts(text: string): ContainerFacts {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  const values = (key: string) => lines.find(([first]) => first === key)?.slice(1) ?? []
  const number = (key: string) => {
    const [value] = values(key)
    return value === undefined || !/^\d+$/.test(value) ? null : Number(value)
  }
  const root = values('root')[0]
  const resident = number('resident-kib')
  const privileges = number('NoNewPrivs:')
  return {
    uid: number('Uid:'),
    gid: number('Gid:'),
    capabilities: ['CapInh:', 'CapPrm:', 'CapEff:', 'CapBnd:', 'CapAmb:'].flatMap(
      (key) => values(key)[0] ?? [],
    ),
    noNewPrivileges: privileges === null ? null : privileges === 1,
    rootReadOnly: root === undefined ? null : root.split(',').includes('ro'),
    outwardPackets: number('outward'),
    outwardRefused: number('refused'),
    interfaces: values('interfaces'),
    sent: lines.flatMap(([first, ...words]) => (first === 'sent' ? [words.join(' ')] : [])),
    cgroupPeakBytes: number('cgroup-peak'),
    residentPeakBytes: resident === null ? null : resident * 1024,
    processes: number('processes'),
  }
}
