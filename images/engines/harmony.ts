import type { Deployment } from './engine.ts'

/** Vocabulary of gpt-oss's chat format; openai-harmony 0.0.4 fetches it where it does not find it. */
const vocabulary = 'o200k_base.tiktoken'

/** Variables by which openai-harmony 0.0.4 finds it: a folder with the file, or a cache with its hashed name. */
const variables = ['TIKTOKEN_ENCODINGS_BASE', 'TIKTOKEN_RS_CACHE_DIR'] as const

function isAtRoot({ files }: Deployment): boolean {
  return files.some(({ path }) => path === vocabulary)
}

/** Whether a gpt-oss model has no vocabulary to start offline with. */
export function lacksHarmony(deployment: Deployment): boolean {
  const { environment } = deployment.recipe.serving
  const isGptOss = /^gpt[-_]?oss/i.test(deployment.facts?.architecture ?? '')
  return isGptOss && !isAtRoot(deployment) && !variables.some((name) => Object.hasOwn(environment, name))
}

/** Names the folder of the vocabulary where the weights bring it. */
export function harmonyEnvironment(deployment: Deployment): Record<string, string> {
  return isAtRoot(deployment) ? { TIKTOKEN_ENCODINGS_BASE: deployment.modelPath } : {}
}

export const harmonyHint = `put ${vocabulary} beside config.json in a folder source (TIKTOKEN_ENCODINGS_BASE then names it), or use vllm, whose oss-harmony carries it`
