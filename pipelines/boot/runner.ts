import type { ContainerFacts } from '../../images/boot/container-facts.ts'
import type { Listener } from '../../images/boot/listeners.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import type { BootProfile } from '../../images/boot/runtime-spec.ts'
import type { StandInBoot } from '../../images/boot/stand-in.ts'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import type { Digest } from '../../lib/digest.ts'

/** How a server is stopped while it loads: once its log has the line, which may take `startSeconds`. */
export interface LoadingStop {
  signal: string
  timeoutSeconds: number
  line: string
  startSeconds: number
}

export interface LoadingOutcome {
  /** Null when the server never said the line. */
  stopped: StopObservation | null
  log: string
}

/** A server that was started from an image and can be asked. */
export interface BootedServer {
  /** Leads to the port that the image publishes, from outside of its network; without a slash at the end. */
  url: string
  /** Those that the request asked for, in the same order. */
  workers?: readonly BootedWorker[]
  /** What its container had already cost when the boot was asked for, in milliseconds; absent where it was made then. */
  aheadMs?: number
  /** How long its image was pulled and unpacked; absent where the runner does it as a part of making the container. */
  pullMs?: number
  /** Null while it runs. */
  exitCode(): Promise<number | null>
  facts(): Promise<ContainerFacts>
  /** What processors.sh prints of the machine and the running server. */
  processors(): Promise<string>
  /** Every TCP port of its network namespace that waits for connections, loopback included. */
  listeners(): Promise<Listener[]>
  log(): Promise<string>
  /** Most that the used memory of all GPUs has grown since the request to boot; null where there are none. */
  gpuMemoryBytes(): Promise<number | null>
  /** What compute-cache.sh prints of the running server; empty where the runner cannot look into it. */
  computeCache(): Promise<string>
  /** Files below these folders that no layer of compiled code put there; null where the runner cannot look into it. */
  compiledFiles(folders: readonly string[]): Promise<string[] | null>
  /** Writes everything below these folders into a file, as the tar of such a layer. */
  saveCompiled(folders: readonly string[], file: string): Promise<void>
  /** Sends the signal and waits; a server that is still there afterwards is killed, with exit code null. */
  stop(signal: string, timeoutSeconds: number): Promise<StopObservation>
  /** As `stop`, once the log has the line; null when it never comes. */
  stopOnceSaid(stop: LoadingStop): Promise<StopObservation | null>
}

/** A program of the same image on another machine, which works for a server. */
export interface BootedWorker extends Pick<BootedServer, 'exitCode' | 'facts' | 'log' | 'stop'> {
  name: string
}

/** Workers that are started before the server, each under the same profile and in a network of its own. */
export interface WorkersRequest {
  names: readonly string[]
  port: number
  /** In place of the image's own command. */
  command: readonly string[]
}

export interface BootRequest {
  image: Digest
  profile: BootProfile
  port: number
  /** Images with weights, of which the folder `path` is mounted, read-only, at the same place. */
  mounts?: readonly ImageMount[]
  /** Variables beside the image's own, as whoever starts a container may give them. */
  variables?: Readonly<Record<string, string>>
  /** A variable that the server gets besides those of the image; its value stands in no argument and no log. */
  secret?: BootSecret
  /** What stands in for the driver of a GPU; runners that hand over GPUs know nothing of it. */
  standIn?: StandInBoot
  /** Only for runners that have other machines, or what stands for them. */
  workers?: WorkersRequest
}

export interface BootSecret {
  name: string
  value: string
}

export interface ImageMount {
  image: Digest
  path: string
}

/** Starts an image by digest, lets `use` ask it, and leaves nothing running whatever happens. */
export interface Runner {
  name: RunnerFacts['runner']
  /** GPUs that are handed to every server. */
  gpus: number
  /** Whether it boots workers beside a server. */
  hasWorkers?: boolean
  /** Whether its servers compute on processors that servers of other boots may want at the same time. */
  takesTurns?: boolean
  machine(): Promise<RunnerFacts>
  /**
   * Makes the containers of boots that come one after the other during `use`, all at once and without their servers. A boot
   * takes the one that was made for its request, the very object. Absent where there is nothing to gain.
   */
  ahead?<Result>(requests: readonly BootRequest[], use: () => Promise<Result>): Promise<Result>
  /** Starts the image only to stop it while it loads. */
  stopWhileLoading(request: BootRequest, stop: LoadingStop): Promise<LoadingOutcome>
  boot<Result>(request: BootRequest, use: (server: BootedServer) => Promise<Result>): Promise<Result>
}
