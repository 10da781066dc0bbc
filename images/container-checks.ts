import type { ContainerFacts } from './container-facts.ts'
import type { Behaviour } from './probe.ts'
import type { CheckResult } from './report.ts'
import type { BootProfile } from './runtime-spec.ts'

/** Judges what the kernel says about the running server against the profile it was booted under. */
export function containerChecks(facts: ContainerFacts, profile: BootProfile): CheckResult[] {
  const { uid, gid } = profile.identity
  const outward = facts.outwardPackets
  return [
    check(
      'alive',
      'the server still runs after all questions',
      'running',
      facts.running ? 'running' : `ended with ${facts.exitCode}`,
      facts.running,
    ),
    check(
      'user',
      'it runs as the user it was given',
      `${uid}:${gid}`,
      `${facts.uid}:${facts.gid}`,
      facts.uid === uid && facts.gid === gid,
    ),
    check(
      'read-only-root',
      'its root file system is read-only',
      profile.readOnlyRoot ? 'ro' : 'rw',
      facts.rootReadOnly ? 'ro' : 'rw',
      facts.rootReadOnly === profile.readOnlyRoot,
    ),
    check(
      'no-capabilities',
      'it holds no capability',
      'five empty sets',
      facts.capabilities.join(' '),
      facts.capabilities.every((set) => /^0+$/.test(set)),
    ),
    check(
      'no-new-privileges',
      'it cannot gain privileges',
      'NoNewPrivs 1',
      `NoNewPrivs ${facts.noNewPrivileges ? 1 : 0}`,
      facts.noNewPrivileges,
    ),
    check(
      'no-outward-connection',
      'it sent nothing outward',
      '0 packets',
      `${outward} packets, interfaces ${facts.interfaces.join(' ')}`,
      outward === 0,
    ),
  ]
}

/** Judges the end of the server: the right exit code, in time. */
export function stopCheck(
  stopped: { value: { exitCode: number | null; waitedMs: number }; durationMs: number },
  stop: Behaviour['stop'],
): CheckResult {
  const { exitCode, waitedMs } = stopped.value
  const observed =
    exitCode === null ? `still there after ${stop.timeoutSeconds} s` : `exit ${exitCode} after ${waitedMs} ms`
  return {
    ...check(
      'graceful-stop',
      `${stop.signal} ends it`,
      `exit ${stop.exitCodes.join(' or ')} within ${stop.timeoutSeconds} s`,
      observed,
      exitCode !== null && stop.exitCodes.includes(exitCode),
    ),
    durationMs: stopped.durationMs,
  }
}

function check(id: string, title: string, expected: string, observed: string, good: boolean): CheckResult {
  return {
    id,
    group: 'container',
    title,
    required: true,
    status: good ? 'passed' : 'failed',
    expected,
    observed,
    durationMs: 0,
    evidence: '',
  }
}
