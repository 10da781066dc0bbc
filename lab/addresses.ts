import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from './errors.ts'
import { pathExists } from './files.ts'
import { withLock } from './lock.ts'
import {
  type Addresses,
  addressesFile,
  defaultRegistryPort,
  type LabSettings,
  networkCidrs,
  networkNames,
  recordedAddresses,
  registryAddress,
} from './settings.ts'
import { findTaken, isPortFree, overlaps, type Taken } from './taken.ts'

/** Which parts of a lab run; what they took stays theirs. */
export interface Running {
  readonly engine: boolean
  readonly registry: boolean
}

const portsToTry = 100
const namePort = 53
// An address that no name server has for itself: only one that listens on all addresses is in the way of the engine's own.
const anyLoopback = '127.83.53.1'
// Every lab of a machine chooses under this lock, whoever brings it up: only root can.
const machineLock = '/run/ingot-lab.lock'

/**
 * Chooses addresses that nobody uses for what is to be started, records them and runs `start` before another lab chooses.
 * The port of INGOT_LAB_REGISTRY_PORT is taken or is an error; nothing is chosen in its place.
 */
export function withAddresses<T>(
  settings: LabSettings,
  running: Running,
  start: (settings: LabSettings) => Promise<T>,
): Promise<T> {
  return withLock(
    machineLock,
    () => undefined,
    async () => {
      const chosen = await chooseAddresses(settings, running)
      await record(chosen)
      return start(chosen)
    },
  )
}

/** The same lab with addresses that are free, or its own; throws `port-taken` or `network-taken`. */
export async function chooseAddresses(settings: LabSettings, running: Running): Promise<LabSettings> {
  const registryPort = await choosePort(settings, running)
  return { ...settings, ...(running.engine ? {} : await chooseNetwork(settings)), registryPort }
}

async function choosePort(settings: LabSettings, running: Running): Promise<number> {
  const { dir, wishedPort } = settings
  const recorded = recordedAddresses(dir)?.registryPort
  if (running.engine || running.registry) return keptPort(settings, recorded ?? defaultRegistryPort, running)
  if (wishedPort !== undefined) {
    if (await isPortFree(wishedPort)) return wishedPort
    throw portTaken(
      settings,
      'set INGOT_LAB_REGISTRY_PORT to a free port, or unset it: then a free one is chosen',
    )
  }
  const others = Array.from({ length: portsToTry }, (_, index) => defaultRegistryPort + index)
  for (const port of recorded === undefined ? others : [recorded, ...others])
    if (await isPortFree(port)) return port
  throw portTaken(settings, 'set INGOT_LAB_REGISTRY_PORT to a free port')
}

/** The engine was told the registry's port when it started, and cannot be told another one. */
async function keptPort(settings: LabSettings, port: number, running: Running): Promise<number> {
  const { wishedPort } = settings
  const again = 'npm run lab:down, then lab:up'
  if (wishedPort !== undefined && wishedPort !== port) {
    const message = `the lab runs with its registry at port ${port}, and INGOT_LAB_REGISTRY_PORT is ${wishedPort}`
    throw new LabError('port-taken', message, `unset it, or move the lab: ${again}`)
  }
  if (running.registry || (await isPortFree(port))) return port
  throw portTaken({ ...settings, registryPort: port }, `${again} takes another port`)
}

async function chooseNetwork(settings: LabSettings): Promise<Omit<Addresses, 'registryPort'>> {
  // Where an engine of this directory ran before, its bridge may have stayed; it goes before the next start.
  const wasHere = await pathExists(join(settings.dir, 'engine.json'))
  if (!(await isPortFree(namePort, anyLoopback))) throw namesTaken()
  const taken = await findTaken(settings.dir, wasHere ? `${settings.networkName}0` : undefined)
  return pickNetwork(settings, taken)
}

/** The first name and the first range that nobody has, beginning with the present ones. */
export function pickNetwork(settings: LabSettings, taken: Taken): Omit<Addresses, 'registryPort'> {
  const { dir } = settings
  const networkName = [settings.networkName, ...networkNames(dir)].find((name) => !taken.names.has(name))
  const networkCidr = [settings.networkCidr, ...networkCidrs(dir)].find(
    (cidr) => !taken.ranges.some((range) => overlaps(cidr, range)),
  )
  if (networkName !== undefined && networkCidr !== undefined) return { networkName, networkCidr }
  const what =
    networkName === undefined ? 'name for its bridge' : 'range of addresses from 10.64.0.0 to 10.191.255.255'
  const hint = 'see `ip address` and `ip route`; end other labs, or remove what they left'
  throw new LabError('network-taken', `the lab finds no free ${what} on this machine`, hint)
}

async function record({ dir, registryPort, networkName, networkCidr }: LabSettings): Promise<void> {
  await mkdir(dir, { recursive: true })
  const file = addressesFile(dir)
  await writeFile(`${file}.next`, `${JSON.stringify({ registryPort, networkName, networkCidr }, null, 2)}\n`)
  await rename(`${file}.next`, file)
}

function portTaken(settings: LabSettings, hint: string): LabError {
  return new LabError('port-taken', `something else answers at ${registryAddress(settings)}`, hint)
}

function namesTaken(): LabError {
  const message =
    "a name server listens on port 53 of all addresses, where the engine's own needs one of them"
  return new LabError(
    'port-taken',
    message,
    'see `ss -lntp sport = :53`; let it listen on addresses of its own',
  )
}
