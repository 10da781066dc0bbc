import type { SecretContext } from '../weights/token.ts'
import { findHubToken } from '../weights/token.ts'

/** The Hub's token of a recipe, wherever it is kept; undefined where there is none, and where it cannot be read. */
export async function hubTokenOf(
  source: { type: string; token?: string | undefined },
  context: SecretContext,
  onUnread: (error: unknown) => void = () => undefined,
): Promise<string | undefined> {
  if (source.type !== 'huggingface') return undefined
  try {
    return (await findHubToken(source.token, context))?.reveal()
  } catch (error) {
    onUnread(error)
    return undefined
  }
}
