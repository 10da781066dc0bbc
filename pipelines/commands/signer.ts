import { usageError } from '../command-line/command.ts'
import type { Signer } from '../outgoing/cosign.ts'
import { requireHostTool } from '../process/host-tool.ts'

/** What every command that signs takes. */
export const signerOptions = {
  sign: { type: 'string' },
  'transparency-log': { type: 'boolean' },
} as const

export const transparencyLogText =
  'with a key: record the signatures in Sigstore’s public log, which names what was signed'

export interface SignerValues {
  sign?: string | undefined
  'transparency-log'?: boolean | undefined
}

/** Asked before anything is sent or written: an image without its signature would be found out too late. */
export async function signerOf(
  command: string,
  { sign, 'transparency-log': isLogged = false }: SignerValues,
  environment: NodeJS.ProcessEnv,
): Promise<Signer | undefined> {
  if (sign === undefined && isLogged)
    throw usageError(command, '--transparency-log is for signatures; --sign is missing')
  if (sign === undefined) return undefined
  if (/-----BEGIN /.test(sign))
    throw usageError(command, '--sign takes a file or a URI such as env://NAME, never the key itself')
  await requireHostTool('cosign', environment)
  return sign === 'keyless' ? { type: 'keyless' } : { type: 'key', key: sign, isLogged }
}
