import type { Deployment, Refusal } from './engine.ts'

/** Refuses tools for a template that has no word for them: llama-server answers in prose then, whatever is required (measured, 0.7.0). */
export function templateRefusals({ tasks, gguf }: Pick<Deployment, 'tasks' | 'gguf'>): Refusal[] {
  if (!tasks.includes('tools') || /\btools\b/.test(gguf?.chatTemplate ?? '')) return []
  return [
    {
      path: 'model.task',
      found: 'tools, and the chat template of the model knows none: what a client offers would be ignored',
      hint: 'name a template with tools in model.chatTemplate, or another model',
    },
  ]
}

/** Refuses tools where nothing tells the server how the model writes a call. */
export function parserRefusals({ tasks, recipe }: Pick<Deployment, 'tasks' | 'recipe'>): Refusal[] {
  const { model, serving } = recipe
  const flag = /^--tool[-_]call[-_]parser(=|$)/
  const isTold = model.toolCallParser !== undefined || serving.extraArguments.some((item) => flag.test(item))
  if (!tasks.includes('tools') || isTold) return []
  return [
    {
      path: 'model.task',
      found: 'tools, and nothing says how the model writes a call',
      hint: 'name its parser in model.toolCallParser, such as hermes',
    },
  ]
}
