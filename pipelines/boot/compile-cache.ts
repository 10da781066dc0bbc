import { join } from 'node:path'
import { StageError } from '../error.ts'
import { runProgram } from '../process/program.ts'
import { ownerCommand } from './reach.ts'
import type { BootedServer } from './runner.ts'
import type { Tool } from './tool.ts'

/** What the compilers of a server wrote whose first process this machine sees as `pid`. */
export function compileCacheOf(
  tool: Tool,
  pid: number,
): Pick<BootedServer, 'compiledFiles' | 'saveCompiled'> {
  const owner = ownerCommand(tool)
  const script = join(import.meta.dirname, 'compile-cache.sh')
  const run = async (mode: 'added' | 'tar', output: string, folders: readonly string[]) => {
    const [program = 'sh', ...args] = [...(owner ?? []), 'sh', script, mode, String(pid), output, ...folders]
    const ran = await runProgram(program, args, tool)
    if (ran.exitCode === 0) return ran.stdout
    throw new StageError('engine-failed', {
      attempted: 'read what the compilers of the booted server wrote',
      found: ran.stderr.trim(),
      hint: 'look whether the folder of temporary files has room left, then try again',
    })
  }
  return {
    async compiledFiles(folders) {
      if (owner === null) return null
      return (await run('added', '-', folders)).split('\n').filter((path) => path !== '')
    },
    saveCompiled: async (folders, file) => void (await run('tar', file, folders)),
  }
}
