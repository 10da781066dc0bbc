import { readCertificates, type TrustedFile } from '../../recipes/certificates.ts'

/** An authority that signed itself, and whose key is gone. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBijCCATGgAwIBAgIUURSGFjbbGjpPkKVWRKiJ9hLRqSowCgYIKoZIzj0EAwIw
GzENMAsGA1UECgwEQWNtZTEKMAgGA1UEAwwBYTAeFw0yNjExMzAxODU2MDFaFw0y
NjEyMzAxODU2MDFaMBsxDTALBgNVBAoMBEFjbWUxCjAIBgNVBAMMAWEwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARZdCs7ADuUMRGCBKWN0zZNEFfhZENhZR2sSoAn
yHqqSWImW4BmiFwQ/ykMZ2cMksXKu64rBRkbTPjdH/9id9HPo1MwUTAdBgNVHQ4E
FgQUR88RAPCryngCevsqWVO/6R21AzowHwYDVR0jBBgwFoAUR88RAPCryngCevsq
WVO/6R21AzowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAWXE+n
f/8m+sbsWp0xRgVnyMdUb7GX9gOqIzpQqIHdNwIgR3WW4/boLdFm3vVmc5K6mNDM
VDlbWczFvFfqIEMW0Xw=
-----END CERTIFICATE-----
`

/** As a lock holds a file of it. */
export const trusted: TrustedFile = trustedOf(certificate)

function trustedOf(text: string): TrustedFile {
  const read = readCertificates('a.pem', Buffer.from(text))
  if (!read.ok) throw new Error(read.message)
  return read.file
}
