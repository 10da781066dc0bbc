import type { StartWords } from '../../boot/start-line.ts'

/** Of 0.5.23. */
export const startWords: readonly StartWords[] = [
  {
    step: 'load weights',
    line: 'Load weight end\\. elapsed=([\\d.]+) s',
    source: 'sglang/srt/model_executor/model_runner.py',
  },
  {
    step: 'warm-up',
    line: 'Capture .* end\\. (?:bs=\\[[^\\]]*\\], )?elapsed=([\\d.]+) s',
    source: 'sglang/srt/model_executor/model_runner_components/cuda_graph_setup.py',
  },
]
