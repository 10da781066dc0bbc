import { statfs } from 'node:fs/promises'
import { formatBytes } from '../../lib/bytes.ts'
import type { Failure } from '../../lib/error.ts'
import type { ContainerTool } from '../boot/tool.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { makeFolder } from '../files/make-folder.ts'
import { ownPackage } from '../files/own-package.ts'
import { systemFailureOf } from '../files/system-error.ts'
import { openConnection } from '../network/connection.ts'
import { findHostTool, type HostTool } from '../process/host-tool.ts'
import { labHint } from '../process/lab-hint.ts'
import { findProgram, runProgram } from '../process/program.ts'
import { engineSource, programSource, type SessionSettings } from '../process/session.ts'
import { toolAnswers } from '../process/tool-answers.ts'
import type { Settings } from '../settings/settings.ts'
import { doctorStore } from './doctor-store.ts'
import { doctorTable } from './tables/doctor.ts'

export const doctorCommand: Command = { run }

type HostSettings = Pick<Settings, 'programs'>

/** One thing a build or boot may need. `needed` ones make the exit code 3 when they are missing. */
interface DoctorFinding {
  what: string
  found: string | null
  needed: boolean
  hint: string
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values } = readArguments(argv, doctorTable)
  if (values.store) return doctorStore(values.json, context)
  const findings = await Promise.all([
    engine(context.settings),
    daggerProgram(context.settings),
    disk(context.settings.storeFolder),
    gpu(context.settings),
    tool('docker', context.settings),
    tool('podman', context.settings),
    hostTool(
      'grype',
      '`ingot vulnerabilities`, and publish and bundle of a recipe with limits for them',
      context.settings,
    ),
    hostTool('syft', 'the SBOM of `ingot sbom`, publish and bundle', context.settings),
    hostTool('gitleaks', 'finding secrets that are not the run’s own', context.settings),
    hostTool('cosign', '`ingot publish --sign`', context.settings),
    token(context.settings),
  ])
  context.stdout(values.json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(findingText).join(''))
  return findings.some((item) => item.needed && item.found === null) ? 3 : 0
}

async function engine(settings: SessionSettings): Promise<DoctorFinding> {
  const { found, silent } = await engineSource(settings)
  const started = silent.map((name) => `${name} is installed and does not answer: start it; or `).join('')
  return {
    what: 'where a Dagger engine comes from',
    found,
    needed: true,
    hint: `${started}install Docker or Podman; or, ${labHint}`,
  }
}

const answerMs = 5000

/** Without this program no session opens, whatever engine there is. */
async function daggerProgram(settings: SessionSettings): Promise<DoctorFinding> {
  const version = (await ownPackage())?.dependencies['@dagger.io/dagger'] ?? 'of the SDK'
  const what = 'the program of Dagger'
  if (settings.engine.isInSession)
    return { what, found: 'not needed inside `dagger run`', needed: true, hint: '' }
  const { path, isThere } = await programSource(settings)
  if (path !== null)
    return {
      what,
      found: isThere ? path : null,
      needed: true,
      hint: `_EXPERIMENTAL_DAGGER_CLI_BIN names ${path}, which is no program; put Dagger ${version} there, or unset it`,
    }
  const url = `https://dl.dagger.io/dagger/releases/${version}/checksums.txt`
  const status = await statusAt(url)
  return {
    what,
    found: status === 200 ? `the SDK downloads ${version} from dl.dagger.io at each session` : null,
    needed: true,
    hint: `the SDK downloads ${version} from dl.dagger.io without a proxy, and ${status ? `that answers ${status}` : 'that cannot be reached'} from here; put the program on this machine and name it in _EXPERIMENTAL_DAGGER_CLI_BIN`,
  }
}

/** Asked as the SDK asks, without a proxy. Undefined where nobody answers. */
async function statusAt(url: string): Promise<number | undefined> {
  const { fetch, close } = openConnection({})
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) })
    answer.discard()
    return answer.status
  } catch {
    return undefined
  } finally {
    await close()
  }
}

const leastFreeBytes = 5e9

async function disk(store: string): Promise<DoctorFinding> {
  const obstacle = await obstacleOf(store)
  if (obstacle !== undefined) return noStore(store, obstacle)
  const { bavail, bsize } = await statfs(store)
  const free = bavail * bsize
  return {
    what: 'disk space of the store',
    found: free < leastFreeBytes ? null : `${formatBytes(free)} free in ${store}`,
    needed: true,
    hint: `only ${formatBytes(free)} are free in ${store}; set INGOT_STORE to a folder on a larger disk`,
  }
}

function noStore(store: string, { attempted, found }: Failure): DoctorFinding {
  return {
    what: 'disk space of the store',
    found: null,
    needed: true,
    hint: `could not ${attempted}: ${found}; set INGOT_STORE to another folder than ${store}`,
  }
}

/** Why the folder cannot be made, if it cannot. */
async function obstacleOf(folder: string): Promise<Failure | undefined> {
  try {
    await makeFolder(folder)
    return undefined
  } catch (error) {
    const failure = systemFailureOf(error)?.failure
    if (failure === undefined) throw error
    return failure
  }
}

async function gpu({ programs: { environment } }: HostSettings): Promise<DoctorFinding> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader']
  const asked = await runProgram('nvidia-smi', query, { environment })
  return {
    what: 'NVIDIA GPU',
    found: asked.exitCode === 0 ? asked.stdout.split('\n').join('; ') : null,
    needed: false,
    hint: 'images for GPUs are built here, but must be booted on a machine that has one',
  }
}

async function tool(name: ContainerTool, { programs }: HostSettings): Promise<DoctorFinding> {
  const use = `only for \`ingot verify\` and \`ingot run\` with --runner ${name}`
  const path = await findProgram(name, programs.path)
  if (path === null || (await toolAnswers(name, programs)))
    return { what: name, found: path, needed: false, hint: use }
  return {
    what: name,
    found: null,
    needed: false,
    hint: `${path} is here and its service does not answer: \`${name} info\` says why; ${use}`,
  }
}

async function hostTool(name: HostTool, use: string, { programs }: HostSettings): Promise<DoctorFinding> {
  const found = (await findHostTool(name, programs).catch(() => null)) ?? null
  return {
    what: name,
    found,
    needed: false,
    hint: `only for ${use}; INGOT_${name.toUpperCase()} can name it`,
  }
}

async function token({ hub }: Pick<Settings, 'hub'>): Promise<DoctorFinding> {
  return {
    what: 'Hugging Face token',
    found: hub.token === undefined ? null : `in ${hub.token.variable}`,
    needed: false,
    hint: 'gated and private models need one: set HF_TOKEN, or weights.source.token in the recipe',
  }
}

function findingText({ what, found, needed, hint }: DoctorFinding): string {
  if (found !== null) return `ok       ${what}: ${found}\n`
  return `${needed ? 'MISSING' : 'absent '}  ${what}: ${hint}\n`
}
