import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { digestOf, hexOf } from '../lib/digest.ts'
import { canonicalJson } from '../lib/json.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits')

/** A certificate of a file that a recipe trusts, as the image gets it: its PEM without what stood around it. */
const certificateFields = z.strictObject({
  subject: z.string(),
  /** Of its DER form, as `openssl x509 -fingerprint -sha256` has it. */
  sha256,
  /** Last moment at which it counts, as the certificate says it. */
  notAfter: z.string(),
  pem: z.string(),
})

type Certificate = z.infer<typeof certificateFields>

const certificateSchema = certificateFields.refine(
  (said): boolean => canonicalJson(said) === canonicalJson(certificateOf(said.pem) ?? null),
  {
    path: ['pem'],
    message: 'it is not the certificate that subject, sha256 and notAfter describe',
  },
)

/** A file of certificates that a recipe names: `sha256` is that of its bytes. */
export const trustedFileSchema = z.strictObject({
  path: z.string().min(1),
  sha256,
  certificates: z.array(certificateSchema).min(1),
})

export type TrustedFile = z.infer<typeof trustedFileSchema>

/** A bundle of all public authorities has a quarter of it. */
export const mostCertificateBytes = 1 << 20

const anyKey = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/
const pemBlock =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

export type ReadCertificates = { ok: true; file: TrustedFile } | { ok: false; message: string; hint: string }

/** The certificates of a PEM file, or in words why it is none. The words quote nothing of it. */
export function readCertificates(path: string, bytes: Uint8Array): ReadCertificates {
  const text = Buffer.from(bytes).toString('latin1')
  if (anyKey.test(text))
    return refused(
      'it holds a private key',
      'give the certificate alone: an image shows its files to everybody',
    )
  const blocks = text.match(pemBlock) ?? []
  if (blocks.length === 0)
    return refused(
      'it holds no certificate in PEM form',
      'a PEM file has lines -----BEGIN CERTIFICATE-----; `openssl x509 -inform der -in FILE -outform pem` makes one of DER',
    )
  const read = blocks.map(certificateOf)
  const broken = read.indexOf(undefined)
  if (broken >= 0)
    return refused(
      `its certificate ${broken + 1} of ${blocks.length} cannot be read`,
      'it was cut or changed: get the file again from who runs the authority',
    )
  const certificates = read.filter((certificate) => certificate !== undefined)
  return { ok: true, file: { path, sha256: hexOf(digestOf(bytes)), certificates } }
}

function certificateOf(pem: string): Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem)
    return {
      subject: certificate.subject.replaceAll('\n', ', '),
      sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: certificate.validTo,
      pem: certificate.toString(),
    }
  } catch {
    return undefined
  }
}

function refused(message: string, hint: string): ReadCertificates {
  return { ok: false, message, hint }
}

/** Every certificate once, in the order of the recipe, as one file. */
export function bundleOf(files: readonly TrustedFile[]): string {
  const pems = new Map(files.flatMap(({ certificates }) => certificates).map((one) => [one.sha256, one.pem]))
  return [...pems.values()].map((pem) => `${pem.trim()}\n`).join('')
}
