import type { Failure } from '../../lib/error.ts'

/** What the operating system refused, for a person; `exitCode` is 2 where the command line names the wrong place. */
export interface SystemFailure {
  failure: Failure
  exitCode: 2 | 3
}

interface Meaning {
  found: string
  hint: string
  exitCode: 2 | 3
}

const wrongPlace = 'name another place, or correct what lies there'

const meanings: Record<string, Meaning> = {
  ENOSPC: {
    found: 'no space is left on the disk',
    hint: 'free space there, or name a place on another disk',
    exitCode: 3,
  },
  EDQUOT: {
    found: 'the disk quota is used up',
    hint: 'raise the quota, or name a place on another disk',
    exitCode: 3,
  },
  EACCES: {
    found: 'this user may not do that',
    hint: 'give the user the right to it, or name another place',
    exitCode: 3,
  },
  EPERM: {
    found: 'the system does not permit it',
    hint: 'give the user the right to it, or name another place',
    exitCode: 3,
  },
  EROFS: {
    found: 'the file system is read-only',
    hint: 'name a place on a file system that can be written',
    exitCode: 3,
  },
  EIO: { found: 'the disk does not answer as it should', hint: 'check the disk and its cable', exitCode: 3 },
  EMFILE: {
    found: 'too many files are open',
    hint: 'raise the limit, as `ulimit -n 4096` does',
    exitCode: 3,
  },
  ENFILE: {
    found: 'too many files are open on this machine',
    hint: 'end other programs, or raise the limit',
    exitCode: 3,
  },
  ENOMEM: {
    found: 'there is not enough memory',
    hint: 'end other programs, or use a larger machine',
    exitCode: 3,
  },
  EBUSY: {
    found: 'somebody else uses it',
    hint: 'end what uses it, then run the command again',
    exitCode: 3,
  },
  ETXTBSY: { found: 'it is a program that runs', hint: 'end it, then run the command again', exitCode: 3 },
  ENOENT: {
    found: 'there is no such file or folder',
    hint: 'check the path; when it was there before, something removed it meanwhile: run the command again',
    exitCode: 2,
  },
  ENOTDIR: { found: 'a part of the path is no folder, or a link to nothing', hint: wrongPlace, exitCode: 2 },
  EISDIR: { found: 'it is a folder', hint: `a file is needed here: ${wrongPlace}`, exitCode: 2 },
  EEXIST: { found: 'something else has this name', hint: wrongPlace, exitCode: 2 },
  ENOTEMPTY: { found: 'the folder is not empty', hint: wrongPlace, exitCode: 2 },
  ELOOP: { found: 'its links lead in a circle', hint: wrongPlace, exitCode: 2 },
  ENAMETOOLONG: {
    found: 'the name is too long for the file system',
    hint: 'give a shorter name',
    exitCode: 2,
  },
  EINVAL: { found: 'the system takes no such value', hint: wrongPlace, exitCode: 2 },
  EFBIG: {
    found: 'the file would be larger than the file system allows',
    hint: 'name a place on another disk',
    exitCode: 3,
  },
  ENXIO: { found: 'it is no regular file', hint: wrongPlace, exitCode: 2 },
  ECONNREFUSED: {
    found: 'nobody listens there',
    hint: 'check the address, and that its server runs',
    exitCode: 3,
  },
  ENOTFOUND: { found: 'no such host is known', hint: 'check the name and the network', exitCode: 3 },
  EADDRINUSE: { found: 'the address is in use', hint: 'end the program that uses it', exitCode: 3 },
}

const acts: Record<string, string> = {
  open: 'open',
  read: 'read',
  write: 'write',
  writev: 'write',
  mkdir: 'make the folder',
  mkdtemp: 'make a temporary folder at',
  scandir: 'list the folder',
  opendir: 'list the folder',
  rename: 'move',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove the folder',
  stat: 'look at',
  lstat: 'look at',
  statfs: 'ask for the free space of',
  copyfile: 'copy',
  link: 'link',
  symlink: 'link',
  readlink: 'read the link',
  chmod: 'set the rights of',
  ftruncate: 'set the size of',
  connect: 'connect to',
  listen: 'listen at',
}

/** Undefined for everything that the operating system did not say, which is a fault of ingot. */
export function systemFailureOf(error: unknown): SystemFailure | undefined {
  if (!isSystemError(error)) return undefined
  const { code, path, dest, address, port, syscall = '' } = error
  const meaning = meanings[code] ?? { found: `the system says ${code}`, hint: wrongPlace, exitCode: 3 }
  const [verb = '', program = ''] = syscall.split(' ')
  const endpoint = address === undefined ? undefined : `${address}${port === undefined ? '' : `:${port}`}`
  const place = [path, dest].filter((text) => text !== undefined).join(' to ') || endpoint || 'a file'
  const attempted = verb === 'spawn' ? `run ${program || place}` : `${acts[verb] ?? (verb || 'use')} ${place}`
  const found = `${meaning.found} (${code})`
  return { failure: { attempted, found, hint: meaning.hint, cause: error }, exitCode: meaning.exitCode }
}

interface SystemError extends Error {
  code: string
  syscall?: string
  path?: string
  dest?: string
  address?: string
  port?: number
}

function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^E[A-Z0-9]+$/.test(error.code) &&
    ('syscall' in error || 'errno' in error)
  )
}
