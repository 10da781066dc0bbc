import type { NameHistory } from '../name-history.ts'

// Read from wheels by `node test/tools/engine-names.ts`, which writes this file: versions, names that came, names that went.

export const toolCallParsers: NameHistory = [
  [
    `0.5.15`,
    `
    apertus2509 auto cohere_command4 deepseekv3 deepseekv31 deepseekv32 deepseekv4 gemma4 gigachat3 glm glm45 glm47 gpt-oss hermes hunyuan interns1 kimi_k2 lfm2 llama3 mimo
    minicpm5 minimax-m2 mistral poolside_v1 pythonic qwen qwen25 qwen3_coder step3 step3p5 trinity`,
    ``,
  ],
  [
    `0.5.16`,
    `
    inkling minimax-m3`,
    ``,
  ],
  [
    `0.5.17`,
    `
    kimi_k3`,
    ``,
  ],
  [
    `0.5.18`,
    `
    muse`,
    ``,
  ],
  [
    `0.5.19`,
    `
    dots ling3 spark25`,
    ``,
  ],
  [
    `0.5.20`,
    `
    k2_horizon nanbeige`,
    ``,
  ],
  [
    `0.5.21 0.5.22`,
    `
    deepseekv41 gigachat35 iquest_q1`,
    ``,
  ],
  [
    `0.5.23`,
    `
    beam response_template`,
    ``,
  ],
]

export const reasoningParsers: NameHistory = [
  [
    `0.5.15`,
    `
    apertus2509 auto cohere_command4 deepseek-r1 deepseek-v3 deepseek-v4 gemma4 glm45 gpt-oss hunyuan interns1 kimi kimi_k2 mimo minimax minimax-append-think mistral
    nemotron_3 poolside_v1 qwen3 qwen3-thinking step3 step3p5`,
    ``,
  ],
  [
    `0.5.16`,
    `
    inkling minimax-m3`,
    ``,
  ],
  [
    `0.5.17`,
    `
    kimi_k3`,
    ``,
  ],
  [
    `0.5.18`,
    `
    muse`,
    ``,
  ],
  [
    `0.5.19`,
    `
    dots ling3`,
    ``,
  ],
  [
    `0.5.20`,
    `
    granite_thinking_parser k2_horizon nanbeige`,
    ``,
  ],
  [
    `0.5.21 0.5.22`,
    `
    deepseek-v41 gigachat35 iquest_q1`,
    ``,
  ],
  [
    `0.5.23`,
    `
    beam response_template`,
    ``,
  ],
]
