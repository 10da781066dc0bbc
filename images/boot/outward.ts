import type { ContainerFacts } from './container-facts.ts'
import { sinkAddress } from './runtime-spec.ts'

type Outward = Pick<ContainerFacts, 'outwardPackets' | 'outwardRefused' | 'interfaces' | 'sent'>

export interface OutwardJudgement {
  /** Null when nothing could be read. */
  observed: string | null
  good: boolean
}

/**
 * Whether a server sent something outward. Questions for the name of its own address are told and are no fault: torch 2.14 puts
 * one to the name server for every process group (docs/decisions/095). That holds where every packet that was counted is known
 * to be such a question.
 */
export function judgeOutward({
  outwardPackets,
  outwardRefused,
  interfaces,
  sent,
}: Outward): OutwardJudgement {
  if (outwardPackets === null || outwardRefused === null) return { observed: null, good: false }
  const own = sent.filter(asksForItself).length
  const words = [
    `${outwardPackets} packets, ${outwardRefused} attempts without a route`,
    `interfaces ${interfaces.join(' ')}`,
    ...(sent.length === 0 ? [] : [`sent: ${counted(sent)}`]),
    ...(own === 0 ? [] : [`${own} of them asked for the name of its own address`]),
  ]
  return { observed: words.join('; '), good: outwardPackets === own && outwardRefused === 0 }
}

/** The name under which DNS has the names of an address (RFC 1035, 3.5). */
function reverseName(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`
}

const ownNames = [reverseName('0.0.0.0'), reverseName(sinkAddress)]

function asksForItself(line: string): boolean {
  const [, name] = /^udp \S+:53 look-up of (\S+)$/.exec(line) ?? []
  if (name === undefined) return false
  return ownNames.includes(name) || /^(\d{1,3}\.){3}127\.in-addr\.arpa$/.test(name)
}

const mostKinds = 20

function counted(sent: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const line of sent) counts.set(line, (counts.get(line) ?? 0) + 1)
  const kinds = [...counts].map(([line, count]) => (count === 1 ? line : `${count} times ${line}`))
  const more = kinds.length - mostKinds
  return [...kinds.slice(0, mostKinds), ...(more > 0 ? [`${more} more kinds`] : [])].join(', ')
}
