import { type SecretForm, searchForms, secretForms } from './secret-forms.ts'

/** A secret of this run with all the ways it may be written; `origin` says which, for messages. */
export interface KnownSecret {
  origin: string
  forms: SecretForm[]
}

// Shorter ones occur by chance in megabytes of anything.
const leastLength = 8

/** What the run may know and no image may hold: secrets of the environment, and those that `more` gives by origin. */
export function knownSecrets(
  environment: Readonly<Record<string, string | undefined>>,
  more: Readonly<Record<string, string | undefined>> = {},
): KnownSecret[] {
  const named = Object.entries(environment).filter(([name, value]) => isSecretName(name) && !isPlace(value))
  const found = new Map<string, string>()
  for (const [origin, value] of [...named, ...Object.entries(more)]) {
    const secret = value?.trim() ?? ''
    if (secret.length >= leastLength && !found.has(secret)) found.set(secret, origin)
  }
  return [...found].map(([secret, origin]) => ({ origin, forms: secretForms(secret) }))
}

/** Names the secrets, with their forms, that end in each piece of a stream. */
export function searchSecrets(secrets: readonly KnownSecret[]): (piece: Uint8Array) => string[] {
  const searches = secrets.map(({ origin, forms }) => ({ origin, search: searchForms(forms) }))
  return (piece) =>
    searches.flatMap(({ origin, search }) => search(piece).map((form) => `the secret of ${origin} (${form})`))
}

/** A text with every form of every secret taken out, for messages that name a place. */
export function masked(text: string, secrets: readonly KnownSecret[]): string {
  const written = secrets.flatMap(({ forms }) => forms.map(({ bytes }) => Buffer.from(bytes).toString()))
  return written.reduce((rest, form) => rest.replaceAll(form, '***'), text)
}

function isSecretName(name: string): boolean {
  return /(^|_)(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY)$/i.test(
    name,
  )
}

/** Such variables may hold where the secret is instead: a path, or a URI. */
function isPlace(value: string | undefined): boolean {
  return value === undefined || /^([/~.]|[\w+.-]+:\/\/)/.test(value)
}
