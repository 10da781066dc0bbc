import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { parseElf } from '../../images/elf/parse.ts'
import { findContainers } from '../../images/gpu-code/find.ts'
import { entryName } from '../../images/gpu-code/report.ts'
import { withFile } from '../../pipelines/gpu-code/file.ts'

const start = promisify(execFile)

/** Entries by name, such as `sm_90a` and `compute_80`, as NVIDIA's program lists them. */
export async function countedByNvidia(
  program: string,
  file: string,
  timeoutMs = 600_000,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [option, ending, prefix] of [
    ['-lelf', 'cubin', 'sm'],
    ['-lptx', 'ptx', 'compute'],
  ] as const) {
    const limits = { maxBuffer: 1 << 28, timeout: Math.ceil(timeoutMs), killSignal: 'SIGKILL' } as const
    // It ends with 1 where a file has none of the kind.
    const said = await start(program, ['-all', option, file], limits).catch((error) => error)
    if (said.killed) throw new Error(`${program} took longer than ${Math.ceil(timeoutMs)} ms for ${file}`)
    for (const [, number = ''] of String(said.stdout).matchAll(
      new RegExp(`\\.sm_(\\d+[af]?)\\.${ending}`, 'g'),
    )) {
      const name = `${prefix}_${number}`.replace(/f$/, '')
      counts[name] = (counts[name] ?? 0) + 1
    }
  }
  return counts
}

/**
 * Whether the product and NVIDIA's program count the same machine code and PTX in a file; null where that took too long. The program (13.5)
 * opens two sections alone and prints code of a family (`sm_120f`) without its suffix. The product finds more: `.cask_resource` of cuBLASLt,
 * cuDNN and cuSPARSELt, `.ldata` of cuFFT, `.rodata` of cuSPARSE.
 */
export async function agreesWithNvidia(
  program: string,
  file: string,
  timeoutMs = 600_000,
): Promise<boolean | null> {
  const own = await ownCounts(file)
  const counts = await countedByNvidia(program, file, timeoutMs).catch(() => null)
  if (counts === null) return null
  const names = new Set([...Object.keys(own), ...Object.keys(counts)])
  return [...names].every((name) => own[name] === counts[name])
}

const openedSections: readonly string[] = ['.nv_fatbin', '__nv_relfatbin']

async function ownCounts(path: string): Promise<Record<string, number>> {
  return withFile(path, async (file) => {
    const containers = await findContainers(file, await parseElf(file))
    const read = containers.filter(({ section }) => openedSections.includes(section))
    const counts: Record<string, number> = {}
    for (const entry of read.flatMap(({ entries }) => entries)) {
      if (entry.kind === 'other') continue
      const name = entryName(entry).replace(/f$/, '')
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  })
}
