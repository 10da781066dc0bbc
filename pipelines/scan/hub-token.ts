import type { SecretContext } from '../weights/token.ts'
import { findHubToken } from '../weights/token.ts'

/** The Hub's token of a recipe, wherever it is kept; undefined where there is none, and where it cannot be read. */
async function hubTokenOf(
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

/** Tokens of several sources, the model's first, under the words that a finding calls them by. */
export async function hubTokensOf(
  sources: readonly { type: string; token?: string | undefined }[],
  context: SecretContext,
  onUnread?: (error: unknown) => void,
): Promise<Record<string, string | undefined>> {
  const named = sources.map(async (source, index) => {
    const key = index === 0 ? 'weights.source.token' : `the token of part ${index}`
    return [key, await hubTokenOf(source, context, onUnread)] as const
  })
  return Object.fromEntries(await Promise.all(named))
}
