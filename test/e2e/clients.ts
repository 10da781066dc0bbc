import { join } from 'node:path'
import { pythonJson } from '../python.ts'
import { pythonPath } from '../tools/find.ts'

export interface Answered {
  answer: string
  tokens: number
  pieces: number
  streamed: string
  tooLong: { type: string; status: number; text: string }
}

export interface Clients {
  openai: Answered & {
    models: string[]
    answeredBy: string
    finish: string
    streamedTokens: number[]
    completion: string
    noMessages: Answered['tooLong']
    noPath: Answered['tooLong']
  }
  huggingface: Answered
  /** Only where they were asked for. */
  native?: Omit<Answered, 'tooLong'>
  ollama?: Omit<Answered, 'tooLong'> & { models: string[]; loaded: string[]; unknown: { status: number } }
}

/** Puts the same questions with clients that nobody here wrote. `further` names an engine's own interface. */
export async function askWithClients(
  url: string,
  model: string,
  ...further: ('native' | 'ollama')[]
): Promise<Clients> {
  const python = pythonPath('clients')
  // clients.py prints this shape.
  return (await pythonJson(python, [
    join(import.meta.dirname, 'clients.py'),
    url,
    model,
    ...further,
  ])) as Clients
}
