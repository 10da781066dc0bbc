import { stubLibrary } from '../elf/stub-library.ts'

/**
 * How a server that was built for CUDA starts on a CPU: with a driver that has no device, so that libraries which link to it can be
 * opened. None of its kernels runs.
 */
export interface StandIn {
  /** Behind the image's own. */
  arguments: readonly string[]
  variables: Readonly<Record<string, string>>
  /** What its libraries want of `libcuda.so.1`; each of these functions says that there is no device. */
  driverFunctions: readonly string[]
  /** Folders of the image that a machine without a card looks for at another place. */
  folders: readonly StandInFolder[]
  /** Programs that the image lacks and that only this mode asks, as scripts of a POSIX shell. */
  programs: readonly { path: string; script: string }[]
  /** How all this is known. */
  source: string
}

export interface StandInFolder {
  from: string
  to: string
}

/** What is added to a container from outside. */
export interface StandInBoot {
  arguments: readonly string[]
  files: readonly StandInFile[]
  folders: readonly StandInFolder[]
}

export interface StandInFile {
  path: string
  bytes: Uint8Array
}

/** `CUDA_ERROR_NO_DEVICE` of cuda.h. */
const noDevice = 100

const libraries: Readonly<Record<string, { machine: 'x86' | 'arm64'; folder: string }>> = {
  'linux/amd64': { machine: 'x86', folder: '/usr/lib/x86_64-linux-gnu' },
  'linux/arm64': { machine: 'arm64', folder: '/usr/lib/aarch64-linux-gnu' },
}

/** The driver lies where NVIDIA's container toolkit puts the real one. */
export function standInBoot(standIn: StandIn, platform: string): StandInBoot {
  const { machine, folder } = libraries[platform] ?? { machine: 'x86', folder: '/usr/lib64' }
  const soname = 'libcuda.so.1'
  const driver = stubLibrary({ soname, functions: standIn.driverFunctions, returns: noDevice }, machine)
  return {
    arguments: standIn.arguments,
    files: [
      { path: `${folder}/${soname}`, bytes: driver },
      ...standIn.programs.map(({ path, script }) => ({ path, bytes: new TextEncoder().encode(script) })),
    ],
    folders: standIn.folders,
  }
}
