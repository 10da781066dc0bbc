import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { searchForms, secretForms } from '../../lib/secret-forms.ts'

// Characters that base64, URLs, JSON and HTML each write in their own way.
const secrets = ['hf_c4nary+Token/4b~=', `p"a\\s's&<w>ord (!*) ü`, 'hf_plainLettersAndDigits0123456789']

const encodings: [string, (secret: string) => string][] = [
  ['as it is', (secret) => secret],
  ['in a header', (secret) => `authorization: Bearer ${secret}\r\n`],
  ['in JSON', (secret) => JSON.stringify({ token: secret })],
  ['in a query', (secret) => `https://hub.invalid/x?token=${encodeURIComponent(secret)}&y`],
  [
    'in a query by URL',
    (secret) => new URL(`https://hub.invalid/?${new URLSearchParams({ t: secret })}`).href,
  ],
  ['in a query with small hex', (secret) => `?t=${percentOf(secret)}`],
  ['in hex', (secret) => `xx${Buffer.from(secret).toString('hex')}`],
  ['in capital hex', (secret) => Buffer.from(secret).toString('hex').toUpperCase()],
  ['in an HTML page', (secret) => `<b>${htmlOf(secret)}</b>`],
  ...['', 'u:', 'me:', 'user:', 'token123:'].flatMap((before): [string, (secret: string) => string][] =>
    (['base64', 'base64url'] as const).map((encoding) => [
      `in ${encoding} after "${before}"`,
      (secret) => `Basic ${Buffer.from(`${before}${secret}|behind`).toString(encoding)}`,
    ]),
  ),
]

function percentOf(secret: string): string {
  return [...Buffer.from(secret)]
    .map((byte) =>
      /[\w.~-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('')
}

function htmlOf(text: string): string {
  const codes: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/g, (mark) => codes[mark] ?? mark)
}

test.each(secrets.flatMap((secret) => encodings.map(([name, encode]) => [secret, name, encode] as const)))(
  '%s is found %s, and not in what holds none',
  (secret, _, encode) => {
    const forms = secretForms(secret)
    const text = Buffer.from(encode(secret))
    expect(searchForms(forms)(text)).not.toEqual([])
    const other = Buffer.from(encode(`${secret.slice(0, -4)}x${secret.slice(-3)}`))
    expect(searchForms(forms)(other)).toEqual([])
  },
)

test('a form that is cut into pieces is found once, in the piece where it ends', () => {
  const [secret = ''] = secrets
  const text = Buffer.from(`before ${secret} behind`)
  for (let cut = 1; cut < text.length; cut++) {
    const search = searchForms(secretForms(secret))
    const found = [text.subarray(0, cut), text.subarray(cut)].flatMap(search)
    expect(found).toEqual(['plain'])
  }
  const search = searchForms(secretForms(secret))
  expect([...text].flatMap((byte) => search(Buffer.of(byte)))).toEqual(['plain'])
})

test('forms are named, differ, and none is short enough to occur by chance', () => {
  for (const secret of secrets) {
    const forms = secretForms(secret)
    expect(new Set(forms.map(({ form }) => form)).size).toBe(forms.length)
    expect(new Set(forms.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))).size).toBe(forms.length)
    for (const { bytes } of forms) expect(bytes.length).toBeGreaterThanOrEqual(secret.length)
  }
  expect(secretForms('')).toEqual([])
})

test('compressed bytes hide a secret: callers have to unpack first', () => {
  const [secret = ''] = secrets
  expect(searchForms(secretForms(secret))(gzipSync(secret.repeat(3)))).toEqual([])
})
