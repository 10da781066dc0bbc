/** A kind of token that its maker gives a form of its own, so that it is known without knowing the secret. */
interface TokenForm {
  name: string
  prefix: string
  /** Characters behind the prefix, as a class of a regular expression. */
  body: string
  /** Fewest characters behind the prefix of a real one. */
  least: number
}

const alphanumeric = 'A-Za-z0-9'
const wordy = 'A-Za-z0-9_-'

/** Prefixes are public: their makers chose them so that a token can be found where it does not belong. */
const forms: readonly TokenForm[] = [
  { name: 'Hugging Face token', prefix: 'hf_', body: alphanumeric, least: 30 },
  { name: 'Hugging Face organisation token', prefix: 'api_org_', body: alphanumeric, least: 30 },
  { name: 'API key of the form sk-…', prefix: 'sk-', body: wordy, least: 32 },
  { name: 'GitHub token', prefix: 'gh[opsur]_', body: alphanumeric, least: 36 },
  { name: 'GitHub token', prefix: 'github_pat_', body: 'A-Za-z0-9_', least: 36 },
  {
    name: 'GitLab token',
    prefix: 'gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-',
    body: wordy,
    least: 20,
  },
  { name: 'AWS access key', prefix: '(?:AKIA|ASIA|ABIA|ACCA)', body: 'A-Z0-9', least: 16 },
  { name: 'Slack token', prefix: '(?:xox[abceoprs]|xapp)-', body: 'A-Za-z0-9-', least: 20 },
  {
    name: 'Slack webhook',
    prefix: 'hooks\\.slack\\.com/(?:services|workflows|triggers)/',
    body: 'A-Za-z0-9/',
    least: 24,
  },
  {
    name: 'Discord webhook',
    prefix: 'discord(?:app)?\\.com/api/webhooks/[0-9]{17,20}/',
    body: wordy,
    least: 60,
  },
  { name: 'Telegram bot token', prefix: '[0-9]{8,10}:AA', body: wordy, least: 33 },
  { name: 'Hugging Face session token', prefix: 'hf_(?:oauth|jwt)_', body: 'A-Za-z0-9_.-', least: 40 },
  { name: 'ModelScope token', prefix: 'ms-[0-9a-f]{8}-', body: '0-9a-f-', least: 27 },
  { name: 'Weights & Biases key', prefix: 'wandb_v1_', body: wordy, least: 40 },
  { name: 'NVIDIA API key', prefix: 'nvapi-', body: wordy, least: 40 },
  { name: 'Google API key', prefix: 'AIza', body: wordy, least: 35 },
  { name: 'Google OAuth token', prefix: 'ya29\\.', body: wordy, least: 40 },
  { name: 'npm token', prefix: 'npm_', body: alphanumeric, least: 36 },
  { name: 'PyPI token', prefix: 'pypi-', body: wordy, least: 60 },
  { name: 'Docker token', prefix: 'dckr_(?:pat|oat)_', body: wordy, least: 24 },
  { name: 'Stripe key', prefix: '[rs]k_(?:live|test)_', body: alphanumeric, least: 24 },
  { name: 'Vault token', prefix: 'hv[sbr]\\.', body: wordy, least: 24 },
  { name: 'DigitalOcean token', prefix: 'do[opr]_v1_', body: 'a-f0-9', least: 64 },
  { name: 'Databricks token', prefix: 'dapi', body: 'a-f0-9', least: 32 },
  { name: 'Replicate token', prefix: 'r8_', body: alphanumeric, least: 36 },
  { name: 'Groq key', prefix: 'gsk_', body: alphanumeric, least: 40 },
  { name: 'xAI key', prefix: 'xai-', body: alphanumeric, least: 40 },
  { name: 'Perplexity key', prefix: 'pplx-', body: alphanumeric, least: 40 },
  { name: 'LangSmith key', prefix: 'lsv2_(?:pt|sk)_', body: 'a-z0-9_', least: 40 },
  { name: 'SendGrid key', prefix: 'SG\\.[A-Za-z0-9_-]{22}\\.', body: wordy, least: 43 },
  { name: 'Grafana token', prefix: 'gl(?:sa|c)_', body: 'A-Za-z0-9_=+/', least: 40 },
  { name: 'Pinecone key', prefix: 'pcsk_', body: 'A-Za-z0-9_', least: 40 },
  { name: 'Cerebras key', prefix: 'csk-', body: alphanumeric, least: 40 },
  { name: 'Together key', prefix: 'tgp_v1_', body: wordy, least: 40 },
  { name: 'Tavily key', prefix: 'tvly-(?:dev-|prod-)?', body: wordy, least: 30 },
  { name: 'Google OAuth secret', prefix: 'GOCSPX-', body: wordy, least: 28 },
  { name: 'Linear key', prefix: 'lin_api_', body: alphanumeric, least: 40 },
  { name: 'Notion token', prefix: 'ntn_', body: alphanumeric, least: 40 },
  { name: 'Sentry token', prefix: 'sntry[su]_', body: 'A-Za-z0-9_=+/', least: 40 },
  { name: 'Postman key', prefix: 'PMAK-', body: 'a-f0-9-', least: 50 },
  { name: 'Tailscale key', prefix: 'tskey-', body: wordy, least: 24 },
  { name: 'age secret key', prefix: 'AGE-SECRET-KEY-1', body: 'A-Z0-9', least: 50 },
]

/** Where a person wrote the text, a shorter run already looks like a token and not like a name. */
const leastWritten = 12

const pemHead = '-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----'
const jwt = 'eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]{8,}'

interface Pattern {
  name: string
  pattern: RegExp
}

function patternOf({ name, prefix, body }: TokenForm, least: number): Pattern {
  return { name, pattern: new RegExp(`(?<![${alphanumeric}])${prefix}[${body}]{${least},}`, 'g') }
}

/** In files of others: whole tokens alone, since code is full of names and of beginnings of keys. */
const inFiles: readonly Pattern[] = [
  ...forms.map((form) => patternOf(form, form.least)),
  // Programs hold the first line to recognise keys; a key is what has its bytes behind it.
  { name: 'private key', pattern: new RegExp(`${pemHead}(?:\\s|\\\\[nr])+[A-Za-z0-9+/]{40}`, 'g') },
]

const inWritten: readonly Pattern[] = [
  ...forms.map((form) => patternOf(form, Math.min(form.least, leastWritten))),
  { name: 'bearer token', pattern: /\bbearer\s+[\w.~+/-]{12,}=*/gi },
  { name: 'login in base64', pattern: /\bbasic\s+[A-Za-z0-9+/]{8,}={0,2}/gi },
  { name: 'private key', pattern: new RegExp(`${pemHead}[\\s\\S]*`, 'g') },
  { name: 'JSON web token', pattern: new RegExp(`(?<![${wordy}])${jwt}`, 'g') },
]

/**
 * Kinds of tokens in a text that a person wrote, such as a value of a recipe; empty for a text without one. `sk-` and
 * `pypi-` also begin names of packages, and bearer is an English word, so there it takes a digit.
 */
export function tokensIn(text: string): string[] {
  return namesOf(inWritten, text, (found) =>
    /^basic\s/i.test(found) ? isLogin(found) : !mayBeWords.test(found) || /\d/.test(found),
  )
}

/** Basic is a word as well: a login is a name, a colon and a password in base64. */
function isLogin(found: string): boolean {
  const text = Buffer.from(found.replace(/^\S+\s+/, ''), 'base64').toString('latin1')
  return /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(text)
}

const mayBeWords = /^(sk-|pypi-|bearer\s)/i

/** The text with every token taken out, for messages. */
export function withoutTokens(text: string): string {
  return inWritten.reduce((rest, { pattern }) => rest.replaceAll(pattern, '***'), text)
}

/** Longest token whose end may come in a later piece. */
const overlap = 512

/** Names the kinds of tokens in a text that comes in pieces, each kind once; for files, whose examples do not count. */
export function searchTokens(): (piece: Uint8Array) => string[] {
  const known = new Set<string>()
  let tail = ''
  return (piece) => {
    const text = tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1')
    tail = text.slice(-overlap)
    if (!anyPrefix.test(text)) return []
    const fresh = namesOf(inFiles, text, isNoExample).filter((name) => !known.has(name))
    for (const name of fresh) known.add(name)
    return fresh
  }
}

/** One pass that most texts end with. */
const anyPrefix = new RegExp([...new Set(forms.map(({ prefix }) => prefix)), 'PRIVATE KEY'].join('|'))

function namesOf(patterns: readonly Pattern[], text: string, counts: (found: string) => boolean): string[] {
  return [
    ...new Set(
      patterns
        .filter(({ pattern }) => [...text.matchAll(pattern)].some(([found]) => counts(found)))
        .map(({ name }) => name),
    ),
  ]
}

/** Manuals write `hf_xxxxxxxx` and AKIAIOSFODNN7EXAMPLE; random text of that length has more different characters. */
function isNoExample(found: string): boolean {
  const body = found.slice(-30)
  return new Set(body).size >= 10 && !/example|your|dummy|fake|12345678|abcdefgh/i.test(found)
}
