import type { CheckResult } from '../../images/boot/check-result.ts'
import { judgeDeviceLog } from '../../images/boot/device-log.ts'
import type { GpuRules } from '../../images/boot/probe.ts'
import { askAll } from './questions.ts'
import { madeCheck, type ReadyTrial } from './trial.ts'

/** A CUDA context alone takes about 300 MB; less means that nothing was put on the GPU. */
const leastGpuBytes = 100 * 1024 ** 2

/** Whether a server that was given GPUs computes on them: by its own words, its answers and the memory of the GPUs. */
export async function gpuChecks(trial: ReadyTrial): Promise<CheckResult[]> {
  const rules = trial.plan.verify.behaviour.gpu
  const asked = rules ? await askAll(trial, rules.probes) : []
  const memory = rules?.bufferLines ? bufferCheck(trial, rules.bufferLines) : memoryCheck(trial)
  return [...asked, ...(rules ? [await logCheck(trial, rules)] : []), await memory]
}

async function logCheck(trial: ReadyTrial, rules: GpuRules): Promise<CheckResult> {
  const beganMs = trial.clock.now()
  const judged = judgeDeviceLog(await trial.server.log(), rules)
  return madeCheck(
    {
      id: 'gpu-log',
      group: 'gpu',
      title: 'its log says that it computes on the GPU',
      expected: 'no CPU fallback',
    },
    { ...judged, beganMs, endedMs: trial.clock.now() },
  )
}

/** Where nvidia-smi knows nothing of the device, the server's own count of its buffers. */
async function bufferCheck(trial: ReadyTrial, pattern: string): Promise<CheckResult> {
  const beganMs = trial.clock.now()
  const devices = new Map<string, number>()
  for (const { groups } of (await trial.server.log()).matchAll(new RegExp(pattern, 'g')))
    if (groups?.['device'] !== undefined)
      devices.set(groups['device'], (devices.get(groups['device']) ?? 0) + Number(groups['mib']))
  const words = [...devices].map(([device, mib]) => `${mib.toFixed(2)} MiB on ${device}`)
  return madeCheck(
    {
      id: 'gpu-memory',
      group: 'gpu',
      title: 'it holds memory of the GPU',
      expected: 'buffers on a device of the GPU, by its own log',
    },
    {
      good: [...devices.values()].some((mib) => mib > 0),
      observed: words.length === 0 ? 'its log counts no buffer on such a device' : words.join(', '),
      beganMs,
      endedMs: trial.clock.now(),
    },
  )
}

async function memoryCheck(trial: ReadyTrial): Promise<CheckResult> {
  const beganMs = trial.clock.now()
  const bytes = await trial.server.gpuMemoryBytes()
  const mib = (sizeBytes: number) => `${Math.round(sizeBytes / 1024 ** 2)} MiB`
  return madeCheck(
    {
      id: 'gpu-memory',
      group: 'gpu',
      title: 'it holds memory of the GPU',
      expected: `at least ${mib(leastGpuBytes)} more than before`,
    },
    {
      good: bytes !== null && bytes >= leastGpuBytes,
      observed: bytes === null ? 'nvidia-smi gave no figure' : `${mib(bytes)} more than before`,
      beganMs,
      endedMs: trial.clock.now(),
    },
  )
}
