import type { Option } from '../../command-line/option-table.ts'

/** What every command that signs takes. */
export const signingOptions = {
  sign: {
    kind: 'text',
    value: 'KEY',
    help: 'sign and attest by cosign: a key as cosign names it (file, env://, awskms:// …), or keyless for the identity of the CI. Its password is taken from COSIGN_PASSWORD',
  },
  'transparency-log': {
    kind: 'flag',
    help: 'with a key: record the signatures in Sigstore’s public log, which names what was signed',
  },
} as const satisfies Record<string, Option>
