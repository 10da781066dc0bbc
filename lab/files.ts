import { lstat, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { outputOf } from './commands.ts'

export async function pathExists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

/** Deletes a tree but never what is mounted in it: a killed build may have left the host's /dev there. */
export async function removeTree(path: string): Promise<void> {
  await outputOf('rm', ['-rf', '--one-file-system', '--', path])
}

/** Points a link at `target` in one step, so that a reader sees the old or the new one. */
export async function replaceLink(target: string, link: string): Promise<void> {
  const next = `${link}.${process.pid}`
  await mkdir(dirname(link), { recursive: true })
  await rm(next, { force: true })
  await symlink(target, next)
  await rename(next, link)
}
