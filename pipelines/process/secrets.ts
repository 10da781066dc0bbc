import { IngotError, messageOf } from '../../lib/error.ts'
import { badToken } from '../weights/token.ts'

/** What is used of Dagger's client. */
interface SecretReader {
  secret(uri: string): { plaintext(): Promise<string> }
}

/**
 * Reads secrets by the providers of Dagger's client (op://, vault://, libsecret://, gcp://, aws+sm://, aws+ps://), which
 * run on this machine and take logins from its environment. Throws `bad-token` with what the provider said.
 */
export function daggerSecrets(engine: () => Promise<SecretReader>): (uri: string) => Promise<string> {
  return async (uri) => {
    try {
      return await (await engine()).secret(uri).plaintext()
    } catch (error) {
      if (error instanceof IngotError) throw error
      throw badToken(uri, saidBy(error), 'log in to the tool that keeps the secret, and check the URI')
    }
  }
}

/** Providers report addresses, names and statuses, and nothing of what they read. */
function saidBy(error: unknown): string {
  return messageOf(error).replaceAll(/\s+/g, ' ').trim().slice(0, 300) || 'it failed'
}
