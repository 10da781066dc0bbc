import type { StartWords } from '../../boot/start-line.ts'

/** Of 0.32.0. A CPU says nothing of compiling: its first run compiles, and stands in the figure of the engine. */
export const startWords: readonly StartWords[] = [
  {
    step: 'load weights',
    line: 'Loading weights took ([\\d.]+) seconds',
    source: 'vllm/model_executor/model_loader/default_loader.py',
  },
  {
    step: 'compile',
    line: 'torch\\.compile (?:and initial profiling/warmup run together )?took ([\\d.]+) s in total',
    source: 'vllm/compilation/monitor.py and decorators.py',
  },
  {
    step: 'warm-up',
    line: 'init engine \\(profile, create kv cache, warmup model\\) took ([\\d.]+) s',
    holds: 'compile',
    source: 'vllm/v1/engine/core.py',
  },
]
