import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificate {
  certificate: string
  key: string
}

/** A CA of our own with a certificate for a host name, by openssl, as files in a folder. */
export async function certificateFor(host: string, folder: string): Promise<Certificate & { ca: string }> {
  const at = (name: string) => join(folder, name)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const authority = ['-x509', '-subj', '/CN=a CA of a test', '-keyout', at('ca.key'), '-out', at('ca.pem')]
  await run('openssl', ['req', ...curve, ...authority])
  await run('openssl', [
    ...['req', '-x509', ...curve, '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
    ...['-keyout', at('host.key'), '-out', at('host.pem')],
  ])
  return { certificate: at('host.pem'), key: at('host.key'), ca: at('ca.pem') }
}
