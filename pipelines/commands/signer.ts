import { usageError } from '../command-line/arguments.ts'
import type { Values } from '../command-line/option-table.ts'
import type { Signer } from '../outgoing/cosign.ts'
import { requireHostTool } from '../process/host-tool.ts'
import type { Settings } from '../settings/settings.ts'
import type { publishTable } from './tables/publish.ts'

type SignerValues = Pick<Values<typeof publishTable>, 'sign' | 'transparency-log'>

/** Asked before anything is sent or written: an image without its signature would be found out too late. */
export async function signerOf(
  command: string,
  { sign, 'transparency-log': isLogged }: SignerValues,
  { programs }: Pick<Settings, 'programs'>,
): Promise<Signer | undefined> {
  if (sign === undefined && isLogged)
    throw usageError(command, '--transparency-log is for signatures; --sign is missing')
  if (sign === undefined) return undefined
  if (/-----BEGIN /.test(sign))
    throw usageError(command, '--sign takes a file or a URI such as env://NAME, never the key itself')
  await requireHostTool('cosign', programs)
  return sign === 'keyless' ? { type: 'keyless' } : { type: 'key', key: sign, isLogged }
}
