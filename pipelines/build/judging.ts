import type { Digest } from '../../lib/digest.ts'
import { StageError } from '../error.ts'

/** What ends a build after its image was stored says which one it is: it has no name by which it could be looked at. */
export async function judging<Value>(image: Digest, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof StageError) || error.code === 'interrupted') throw error
    const { attempted, found, hint } = error.failure
    throw new StageError(error.code, {
      attempted,
      found: `${found}\n  the image is ${image}; it got no name, and \`ingot size ${image}\` shows what is in it`,
      hint,
      cause: error,
    })
  }
}
