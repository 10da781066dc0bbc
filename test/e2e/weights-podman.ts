import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toolPath } from '../tools/find.ts'

const run = promisify(execFile)

// Machines with hybrid cgroups and low limits need these; others do not mind.
const flags = ['--rm', '--network', 'none', '--runtime', 'runc', '--cgroup-manager', 'cgroupfs']
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

export interface Finished {
  status: number
  out: string
  err: string
}

export async function podman(...args: string[]): Promise<Finished> {
  try {
    const { stdout, stderr } = await run('podman', args, { maxBuffer: 1 << 24 })
    return { status: 0, out: stdout, err: stderr }
  } catch (error) {
    // execFile's error carries what the program printed and its status.
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, out: stdout, err: stderr }
  }
}

/** Runs a container; `options` come before the image, `command` after it. */
export function runContainer(image: string, options: string[], command: string[]): Promise<Finished> {
  return podman('run', ...flags, ...limits, ...options, image, ...command)
}

/** A tar with a static busybox and its commands: the smallest image with a shell. */
export async function busyboxTar(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-busybox-'))
  try {
    await mkdir(join(folder, 'root/bin'), { recursive: true })
    await copyFile(toolPath('busybox'), join(folder, 'root/bin/busybox'))
    for (const name of ['sh', 'wc', 'cat', 'sha256sum', 'readlink', 'find'])
      await symlink('busybox', join(folder, 'root/bin', name))
    await run('tar', ['--create', '--file', target, '--directory', join(folder, 'root'), '.'])
  } finally {
    await rm(folder, { recursive: true })
  }
}
