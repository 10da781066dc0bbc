import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StageError } from '../error.ts'

/**
 * Files below this folder that differ from where `base` and the present commit parted, those not committed included. Throws
 * `tool-failed` when git does not know the base.
 */
export async function changedFiles(base: string): Promise<string[]> {
  const tracked = await git(base, ['diff', '--name-only', '-z', '--relative', '--merge-base', base, '--'])
  const others = await git(base, ['ls-files', '-z', '--others', '--exclude-standard'])
  return [...tracked, ...others]
}

async function git(base: string, args: readonly string[]): Promise<string[]> {
  try {
    // A base that begins with a dash would be an option.
    if (base.startsWith('-')) throw new Error('this is no commit')
    const { stdout } = await promisify(execFile)('git', args, { maxBuffer: 64e6 })
    return stdout.split('\0').filter((path) => path !== '')
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause)
    throw new StageError('tool-failed', {
      attempted: `ask git what changed since ${base}`,
      found: said ?? '',
      hint: 'name a commit, branch or tag that is here: a shallow checkout has only its last commit (fetch-depth: 0)',
      cause,
    })
  }
}
