import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../scratch.ts'

const demo = resolve(import.meta.dirname, '../../lab/demo.ts')

/** Runs the demo where `ingot` is a program that answers so to `build` and `lock`. */
async function demoWith(program: string) {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin/ingot'), `#!/bin/sh\n${program}\n`)
  await chmod(join(folder, 'bin/ingot'), 0o755)
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('a cause that stops the build stops asking what drifted too, and is told once', async () => {
  const ended = await demoWith('echo "could not ask the archive: its certificate is not trusted" >&2; exit 1')
  expect(ended.status).toBe(1)
  expect(ended.stderr.match(/could not/g)).toHaveLength(1)
})

test('a lock that is older than the archive is made anew, with what moved, and the build is tried again', async () => {
  const { status, stderr, stdout } = await demoWith(`
    case "$1 $3" in
      "lock --check") echo "base: moved"; exit 1 ;;
      "lock --all") touch renewed ;;
      *) [ -e renewed ] || exit 1; echo verified ;;
    esac`)
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'verified\n' })
  expect(stderr).toContain('made anew:\nbase: moved\n')
})

test('a build that failed for another reason is not tried again', async () => {
  const { status, stdout } = await demoWith(
    '[ "$1" = build ] && { echo built; exit 1; }; echo "nothing drifted"',
  )
  expect({ status, stdout }).toEqual({ status: 1, stdout: 'built\n' })
})
