import type { GpuRules, HttpProbe, JsonCheck } from '../../boot/probe.ts'
import { nativeProbe } from '../openai-probes.ts'

/** What the list of loaded models says of this one. */
export function loaded(listed: string, id: string, title: string, size: JsonCheck): HttpProbe {
  return nativeProbe({ id, title, request: { method: 'GET', path: '/api/ps' } }, [
    { at: 'models.*.name', rule: 'has', value: listed },
    { at: 'models.0.size', rule: 'positive' },
    size,
  ])
}

/**
 * What it found at its start (discover/types.go), and what of the model went there: its own runners say that as llama.cpp does, and 0.30 and
 * newer pass on the words of a llama-server, whose verbosity they set (read in 0.17.4 and 0.32.15).
 *
 * `size_vram` is 0 when the model fell back to the CPU, which Ollama does without an error, and less than `size` when a part of it did:
 * `ollama ps` reads the same two numbers. Alone it is no proof: where 0.32 finds no buffer in the log of its llama-server, it takes the size of the
 * file for both (`MemorySize` in llm/llama_server.go).
 */
export function gpuRules(listed: string): GpuRules {
  const inMemory = { at: 'models.0.size_vram', rule: 'same', as: 'models.0.size' } as const
  return {
    cpuLines: ['msg="inference compute" id=cpu ', 'offloaded (\\d+)/(?!\\1\\b)\\d+ layers'],
    gpuLines: ['offloaded (\\d+)/\\1 layers to GPU'],
    probes: [loaded(listed, 'loaded-on-gpu', 'the whole model is in GPU memory', inMemory)],
    deviceLine: 'msg="inference compute" .*description=(?<device>"[^"]+"|\\S+)',
  }
}
