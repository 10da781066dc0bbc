const secretEnd =
  /(TOKEN|PASSWORDS?|PASSWD|PASSPHRASE|SECRETS?|CREDENTIALS?|(API|ACCESS|AUTH|SECRET|PRIVATE)KEYS?)$/
const plainEnd = /(PASSWORDS?|PASSWD|PASSPHRASE|SECRETS?|CREDENTIALS?)$/

/** Words before KEY and TOKEN that make something public of it: keys of sorting, and tokens of a vocabulary. */
const publicKeys = new Set(['PUBLIC', 'SORT', 'PRIMARY', 'FOREIGN', 'PARTITION', 'CACHE'])
const vocabulary = new Set(
  'BOS EOS PAD UNK SEP CLS MASK STOP START END IMAGE AUDIO VIDEO SPECIAL MAX MIN NEW PER THINK TOOL'.split(
    ' ',
  ),
)

/** Words before PASS that make a run over data or a filter of it. */
const passes = new Set('FIRST SECOND ONE TWO SINGLE MULTI FORWARD BACKWARD LOW HIGH BAND ALL BY'.split(' '))

/**
 * Whether a variable, flag or label of this name holds a secret: its last word is TOKEN, KEY, PASSWORD, SECRET,
 * CREDENTIALS or the like (`HF_TOKEN`, `--api-key`, `apiKey`, `DB_PASSWORD_2`, `DB_PASS`). Not so `PUBLIC_KEY` and `EOS_TOKEN`.
 */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name)
  const [before = '', last = ''] = words.length === 1 ? ['', words[0]] : words.slice(-2)
  if (last === 'KEY') return !publicKeys.has(before)
  if (last === 'PASS' || last === 'PWD') return before !== '' && !passes.has(before)
  if (last === 'KEYS') return /^(API|ACCESS|AUTH|SECRET|PRIVATE)$/.test(before)
  return secretEnd.test(last) && !(last === 'TOKEN' && vocabulary.has(before))
}

/**
 * Whether the value under such a name can be the secret itself: not when it is empty, a switch, a small number, a path, or a
 * URI that says where the secret is kept. A password may be a small number.
 */
export function isSecretValue(name: string, value: string): boolean {
  if (value === '' || isPlace(value)) return false
  if (/^(true|false|yes|no|on|off|none|null|auto)$/i.test(value)) return false
  return !/^\d{1,6}$/.test(value) || plainEnd.test(wordsOf(name).at(-1) ?? '')
}

/** A path of at least two parts, or a URI; the URI of a secret's keeper holds no password. */
function isPlace(value: string): boolean {
  return /^(~|\.{1,2})?(\/[\w.@-]+){2,}$/.test(value) || /^[a-z][a-z0-9+.-]*:\/\/[^\s@]+$/i.test(value)
}

/** In capitals, without numbers at the end. */
function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== '')
  while (words.length > 1 && /^\d+$/.test(words.at(-1) ?? '')) words.pop()
  return words
}

/** An address with a password in it, such as `https://user:secret@host`. */
export function hasUrlPassword(text: string): boolean {
  return /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@?#]*:[^\s/@?#]+@/i.test(text)
}

/** Parameters that sign an address, besides those whose own name is that of a secret. */
const signatures = /^(sig|signature|x-(amz|goog)-signature)$/i

/**
 * The parameter of an address that holds a secret, such as `token` in `https://host/file?token=…`; undefined without one. A bare
 * `key` is the name of an object in many stores.
 */
export function urlSecret(text: string): string | undefined {
  const queries = [...text.matchAll(/[a-z][a-z0-9+.-]{0,30}:\/\/[^\s?#]{1,2000}\?([^\s#]+)/gi)]
  const parameters = queries.flatMap(([, query = '']) => [...new URLSearchParams(query)])
  return parameters.find(([name, value]) => {
    const isSecret = isSecretName(name) && !/^key$/i.test(name) && isSecretValue(name, value)
    return value.length >= 6 && (signatures.test(name) || isSecret)
  })?.[0]
}

/** Secrets written into a text as `name: value` or `name=value`, such as JSON in an argument; gives their names. */
export function assignedSecrets(text: string): string[] {
  const found = text.matchAll(
    /(?<![\w.-])-{0,2}([A-Za-z][\w.-]{0,99})["']?\s{0,3}[:=]\s{0,3}["']?(?:Bearer\s+|Basic\s+)?([^\s"',;}&]{8,})/g,
  )
  return [...found].flatMap(([, name = '', value = '']) =>
    (isSecretName(name) || /^authorization$/i.test(name)) && isSecretValue(name, value) ? [name] : [],
  )
}
