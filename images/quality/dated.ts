import type { Deployment } from '../engines/engine.ts'

/**
 * Why greedy answers of two days may differ: the chat template writes the date of the day into a prompt, and nothing in a request
 * replaces it. Null where it writes none, or where the words of a request are its date.
 */
export function dateDoubt({
  gguf,
  folder,
  engine,
}: Pick<Deployment, 'gguf' | 'folder' | 'engine'>): string | null {
  const template = gguf?.chatTemplate ?? folder?.chatTemplate ?? ''
  const hasWord = /\bdate_string\b/.test(template)
  if (!hasWord && !/\bstrftime_now\b/.test(template)) return null
  if (!hasWord)
    return 'the chat template asks the server’s clock for the date (strftime_now), and no word of a request replaces it, so answers hold for one day'
  // Those that render a template of a recipe hand the words of a request to it as well.
  return engine.modelSettings.chatTemplate.type === 'taken'
    ? null
    : `the chat template writes the date of the day into a prompt, and ${engine.title} hands it no other one, so answers hold for one day`
}
