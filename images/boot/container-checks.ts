import type { CheckResult } from './check-result.ts'
import type { ContainerFacts } from './container-facts.ts'
import { judgeOutward } from './outward.ts'
import type { BootProfile } from './runtime-spec.ts'

/** How the server stood when the questions were over; null exit code while it runs. */
export interface Ending {
  exitCode: number | null
}

/** Judges what the kernel says about the running server against the profile it was booted under. */
export function containerChecks(
  facts: ContainerFacts,
  { exitCode }: Ending,
  profile: BootProfile,
  beganMs: number,
): CheckResult[] {
  const dead = exitCode === null ? null : `the server ended with exit code ${exitCode}`
  const alive = {
    id: 'alive',
    title: 'the server still runs after all questions',
    expected: 'running',
    observed: dead ?? 'running',
    good: dead === null,
  }
  const judged = [alive, ...surroundings(facts, profile), ...confinement(facts)]
  return judged.map((one) => container(one, dead, beganMs))
}

/** Who it runs as, and on what. */
function surroundings(facts: ContainerFacts, { identity, readOnlyRoot }: BootProfile): Judgement[] {
  const { uid, gid } = identity
  return [
    {
      id: 'user',
      title: 'it runs as the user it was given',
      expected: `${uid}:${gid}`,
      ...told(facts.uid !== null && `${facts.uid}:${facts.gid}`, facts.uid === uid && facts.gid === gid),
    },
    {
      id: 'read-only-root',
      title: readOnlyRoot ? 'its root file system is read-only' : 'its root file system is writable',
      expected: readOnlyRoot ? 'ro' : 'rw',
      ...told(
        facts.rootReadOnly !== null && (facts.rootReadOnly ? 'ro' : 'rw'),
        facts.rootReadOnly === readOnlyRoot,
      ),
    },
  ]
}

/** What it may do, and whom it talked to. */
function confinement(facts: ContainerFacts): Judgement[] {
  return [
    {
      id: 'no-capabilities',
      title: 'it holds no capability',
      expected: 'five empty sets',
      ...told(
        facts.capabilities.length > 0 && facts.capabilities.join(' '),
        facts.capabilities.length === 5 && facts.capabilities.every((set) => /^0+$/.test(set)),
      ),
    },
    {
      id: 'no-new-privileges',
      title: 'it cannot gain privileges',
      expected: 'NoNewPrivs 1',
      ...told(
        facts.noNewPrivileges !== null && `NoNewPrivs ${facts.noNewPrivileges ? 1 : 0}`,
        facts.noNewPrivileges === true,
      ),
    },
    {
      id: 'no-outward-connection',
      title: 'it sent nothing outward',
      expected: 'no packet but questions for the name of its own address, 0 attempts without a route',
      ...judgeOutward(facts),
    },
  ]
}

interface Judgement {
  id: string
  title: string
  expected: string
  /** Null when nothing could be read. */
  observed: string | null
  good: boolean
}

function told(observed: string | false, good: boolean): Pick<Judgement, 'observed' | 'good'> {
  return { observed: observed === false ? null : observed, good }
}

/** What could not be read is skipped with its reason: a required check that is skipped leaves the image unverified. */
function container(
  { observed, good, ...named }: Judgement,
  dead: string | null,
  beganMs: number,
): CheckResult {
  const skipped = observed === null
  return {
    ...named,
    group: 'container',
    required: true,
    status: skipped ? 'skipped' : good ? 'passed' : 'failed',
    observed: observed ?? `not known: ${dead ?? 'the runner could not read it'}`,
    beganMs,
    durationMs: 0,
    evidence: '',
  }
}
