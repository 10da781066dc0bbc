import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { CodeSummary } from '../../images/gpu-code/report.ts'
import { listGpuCode } from '../../pipelines/gpu-code/gpu-code.ts'

const start = promisify(execFile)

/** Entries by name, such as `sm_90a` and `compute_80`, as NVIDIA's program lists them. */
export async function countedByNvidia(program: string, file: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [option, ending, prefix] of [
    ['-lelf', 'cubin', 'sm'],
    ['-lptx', 'ptx', 'compute'],
  ] as const) {
    // It ends with 1 where a file has none of the kind.
    const said = await start(program, ['-all', option, file], { maxBuffer: 1 << 28 }).catch((error) => error)
    for (const [, number = ''] of String(said.stdout).matchAll(
      new RegExp(`\\.sm_(\\d+[af]?)\\.${ending}`, 'g'),
    ))
      counts[`${prefix}_${number}`] = (counts[`${prefix}_${number}`] ?? 0) + 1
  }
  return counts
}

/** Whether the product and NVIDIA's program count the same machine code and PTX in a file. */
export async function agreesWithNvidia(program: string, file: string): Promise<boolean> {
  const [{ code }, counts] = await Promise.all([listGpuCode(file, []), countedByNvidia(program, file)])
  const own = ownCounts(code)
  const names = new Set([...Object.keys(own), ...Object.keys(counts)])
  return [...names].every((name) => own[name] === counts[name])
}

function ownCounts({ shares }: CodeSummary): Record<string, number> {
  const known = shares.filter(({ kind }) => kind !== 'other')
  return Object.fromEntries(known.map(({ name, entries }) => [name, entries]))
}
