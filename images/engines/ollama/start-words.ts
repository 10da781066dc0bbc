import type { StartWords } from '../../boot/start-line.ts'

/** Of 0.17.4 and 0.32.15. It loads when it is asked first, which verification does at once. */
export const startWords: readonly StartWords[] = [
  {
    step: 'load weights',
    line: '(?:llama runner|llama-server) started in ([\\d.]+) seconds',
    source: 'llm/server.go and llm/llama_server.go',
  },
]
