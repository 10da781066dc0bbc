import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errnoOf } from '../../lib/error.ts'

/**
 * Makes a folder and those above it; one that is there is fine. Not `mkdir` with `recursive`: Node 26 never ends, and hears
 * no signal, where a file or a link to nothing stands in the way. Throws the system's error, with the path that is at fault.
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder)
  try {
    await mkdir(path)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST') return requireFolder(path)
    // Of a link to nothing both calls say so, and the one above finds the link there.
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await mkdir(path).catch((again: unknown) => {
      if (errnoOf(again) === 'EEXIST') return requireFolder(path)
      throw again
    })
  }
}

async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    // The name is there and what it points to is not.
    throw errnoOf(error) === 'ENOENT' ? notFolder(path, 'a link to nothing') : error
  })
  if (!found.isDirectory()) throw notFolder(path, 'no folder')
}

function notFolder(path: string, what: string): Error {
  return Object.assign(new Error(`ENOTDIR: ${path} is ${what}`), {
    code: 'ENOTDIR',
    syscall: 'mkdir',
    path,
  })
}
