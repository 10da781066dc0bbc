import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pythonPath, toolFolder, toolPath } from '../tools/find.ts'

export interface PodContainer {
  image: string
  command: string[]
  environment: Record<string, string>
  /** Image volumes, as a pod's `volumes[].image` with the container's `subPath`. */
  mounts: { path: string; image: string; subPath: string }[]
}

export interface Cri {
  /** Pulls the images and runs one container in a pod of its own to its end. */
  run(container: PodContainer): Promise<{ exitCode: number; output: string }>
  close(): Promise<void>
}

/** containerd as a node of Kubernetes runs it, spoken to as its kubelet does; `pause` is the image of sandboxes. */
export async function startContainerd(pause: string): Promise<Cri> {
  const containerd = toolPath('containerd')
  const shim = toolPath('containerd-shim-runc-v2')
  toolPath('runc')
  const python = pythonPath('cri')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-cri-'))
  const socket = join(folder, 'containerd.sock')
  await writeFile(join(folder, 'config.toml'), configOf(folder, socket, pause))
  await mkdir(join(folder, 'logs'))
  const child = spawn(
    // Its mounts end with its processes.
    'unshare',
    ['--mount', '--propagation', 'private', containerd, '--config', join(folder, 'config.toml')],
    { stdio: 'ignore', env: { ...process.env, PATH: `${dirname(shim)}:${process.env['PATH']}` } },
  )
  const ended = once(child, 'exit')
  const close = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (let i = 0; !existsSync(socket); i++) {
      if (i === 300 || child.exitCode !== null) throw new Error('containerd does not start')
      await sleep(100)
    }
    const proto = join(toolFolder('cri-api'), 'pkg/apis/runtime/v1')
    return { run: (container) => ask(python, [socket, proto, join(folder, 'logs')], container), close }
  } catch (error) {
    await close()
    throw error
  }
}

function configOf(folder: string, socket: string, pause: string): string {
  return `version = 3
root = '${folder}/root'
state = '${folder}/state'
disabled_plugins = ['io.containerd.nri.v1.nri']
[grpc]
address = '${socket}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = '${pause}'
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
conf_dir = '${folder}/cni'
`
}

async function ask(python: string, args: string[], container: PodContainer) {
  const images = [container.image, ...container.mounts.map(({ image }) => image)]
  const running = promisify(execFile)(python, [resolve(import.meta.dirname, 'cri.py'), ...args])
  running.child.stdin?.end(JSON.stringify({ images, container }))
  const { stdout } = await running
  const answer: { exitCode: number; output: string } = JSON.parse(stdout)
  return answer
}
