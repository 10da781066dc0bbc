import type { NameHistory } from '../name-history.ts'

// Read from wheels by `node test/tools/engine-names.ts`, which writes this file: versions, names that came, names that went.

export const toolCallParsers: NameHistory = [
  [
    `0.20.0 0.20.1 0.20.2`,
    `
    deepseek_v3 deepseek_v31 deepseek_v32 deepseek_v4 ernie45 functiongemma gemma4 gigachat3 glm45 glm47 granite granite-20b-fc granite4 hermes hunyuan_a13b hy_v3 internlm
    jamba kimi_k2 llama3_json llama4_json llama4_pythonic longcat mimo minimax minimax_m2 mistral olmo3 openai phi4_mini_json pythonic qwen3_coder qwen3_xml seed_oss step3
    step3p5 xlam`,
    ``,
  ],
  [
    `0.21.0`,
    `
    cohere_command3 cohere_command4 lfm2 poolside_v1`,
    ``,
  ],
  [
    `0.22.0 0.22.1`,
    `
    apertus`,
    ``,
  ],
  [
    `0.23.0`,
    `
    minicpm5`,
    ``,
  ],
  [
    `0.24.0 0.25.0 0.25.1`,
    `
    minimax_m3`,
    `
    minimax`,
  ],
  [
    `0.26.0`,
    `
    inkling`,
    ``,
  ],
  [
    `0.27.0 0.27.1`,
    `
    kimi_k3`,
    ``,
  ],
  [
    `0.28.0`,
    `
    dots ling3 muse_glimmer`,
    ``,
  ],
  [
    `0.29.0`,
    `
    hy_v4`,
    ``,
  ],
  [
    `0.30.0 0.31.0`,
    `
    deepseek_v41 k2_horizon`,
    ``,
  ],
  [
    `0.32.0`,
    `
    hf plamo3 qwen3_json`,
    ``,
  ],
  [
    `0.33.0`,
    `
    beam muse musespark1x step5`,
    ``,
  ],
]

export const reasoningParsers: NameHistory = [
  [
    `0.20.0 0.20.1 0.20.2`,
    `
    deepseek_r1 deepseek_v3 deepseek_v4 ernie45 gemma4 glm45 granite holo2 hunyuan_a13b hy_v3 kimi_k2 mimo minimax_m2 minimax_m2_append_think mistral nemotron_v3 olmo3
    openai_gptoss qwen3 seed_oss step3 step3p5`,
    ``,
  ],
  [
    `0.21.0 0.22.0 0.22.1 0.23.0`,
    `
    cohere_command3 cohere_command4 poolside_v1`,
    ``,
  ],
  [
    `0.24.0 0.25.0 0.25.1`,
    `
    glm47 minimax_m3`,
    ``,
  ],
  [
    `0.26.0`,
    `
    inkling`,
    ``,
  ],
  [
    `0.27.0 0.27.1`,
    `
    kimi_k3`,
    ``,
  ],
  [
    `0.28.0`,
    `
    ling3 muse_glimmer`,
    ``,
  ],
  [
    `0.29.0`,
    `
    hy_v4`,
    ``,
  ],
  [
    `0.30.0`,
    `
    deepseek_v41 k2_horizon`,
    ``,
  ],
  [
    `0.31.0`,
    `
    granite_thinking_parser`,
    ``,
  ],
  [
    `0.32.0`,
    `
    hf minicpmv plamo3`,
    ``,
  ],
  [
    `0.33.0`,
    `
    beam muse musespark1x step5`,
    ``,
  ],
]
