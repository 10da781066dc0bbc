/** What a model is served for: what its clients ask, and what a boot must have seen. */
export const tasks = [
  'chat',
  'completion',
  'embedding',
  'rerank',
  'transcription',
  'tools',
  'structured',
  'vision',
] as const
export type ModelTask = (typeof tasks)[number]

/** Tasks that a chat does: they name it with them. */
export const tasksOfChats: readonly ModelTask[] = ['tools', 'structured', 'vision']

/** How the vectors of all tokens become the answer; `rank` gives one score. */
export const poolings = ['none', 'mean', 'cls', 'last', 'rank'] as const
export type Pooling = (typeof poolings)[number]
