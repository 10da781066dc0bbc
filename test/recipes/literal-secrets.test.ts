import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatProblem, parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')

/** Letters and digits as a token has them, made here so that no file of this repository holds one. */
function random(length: number, alphabet = 'Zk7qP2xWm9TdR4vBn6LsYc3HgJ8f'): string {
  return Array.from({ length }, (_, i) => alphabet[(i * 11 + 5) % alphabet.length]).join('')
}

const capitals = 'Q7ZX2WMP9TDR4VBN6LSYC3HGJ8F'
const pem = (kind: string) => `-----BEGIN ${kind}-----\n${random(64)}\n${random(64)}\n-----END ${kind}-----`

/** By its kind. */
const tokens: Record<string, string> = {
  'Hugging Face': `hf_${random(34)}`,
  'a short one': `hf_${random(17)}`,
  OpenAI: `sk-${random(48)}`,
  'OpenAI, of a project': `sk-proj-${random(20)}_${random(40)}`,
  Anthropic: `sk-ant-api03-${random(40)}-${random(20)}`,
  GitHub: `ghp_${random(36)}`,
  'GitHub, of an app': `ghs_${random(36)}`,
  'GitHub, fine grained': `github_pat_${random(22)}_${random(59)}`,
  GitLab: `glpat-${random(20)}`,
  AWS: `AKIA${random(16, capitals)}`,
  Slack: `xoxb-123456789012-${random(24)}`,
  'Slack, an address': `https://hooks.slack.com/services/T${random(8, capitals)}/B${random(8, capitals)}/${random(24)}`,
  'a bearer token': `Bearer ${random(24)}`,
  NVIDIA: `nvapi-${random(64)}`,
  Google: `AIza${random(35)}`,
  npm: `npm_${random(36)}`,
  Docker: `dckr_pat_${random(27)}`,
  LangSmith: `lsv2_pt_${random(32, 'a1b2c3d4e5f6')}_${random(10, 'a1b2c3')}`,
  SendGrid: `SG.${random(22)}.${random(43)}`,
  Grafana: `glsa_${random(32)}_${random(8)}`,
  Vault: `hvs.${random(90)}`,
  Discord: `https://discord.com/api/webhooks/123456789012345678/${random(68)}`,
  Telegram: `123456789:AA${random(33)}`,
  ModelScope: 'ms-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
  'Weights & Biases': `wandb_v1_${random(77)}`,
  'Hugging Face, of a session': `hf_oauth_${random(40)}`,
  Cerebras: `csk-${random(48)}`,
  'Google OAuth': `GOCSPX-${random(28)}`,
  'a login in base64': `Basic ${Buffer.from(`ada:${random(12)}`).toString('base64')}`,
  'a JSON web token': `eyJ${random(20)}.eyJ${random(40)}.${random(43)}`,
  'a private key': pem('RSA PRIVATE KEY'),
  'a private key of PKCS 8': pem('PRIVATE KEY'),
  'a private key of OpenSSH': pem('OPENSSH PRIVATE KEY'),
}

/** Where people write texts, each as lines of the recipe and what stands before them there. */
const places: Record<string, (value: string) => string> = {
  'a variable': (value) =>
    demo.replace('\nserving:\n', `\nserving:\n  environment:\n    SOMETHING: ${value}\n`),
  'an argument': (value) => demo.replace('\nserving:\n', `\nserving:\n  extraArguments: ["--x", ${value}]\n`),
  'a label': (value) => demo.replace('\nimage:\n', `\nimage:\n  labels:\n    com.acme.x: ${value}\n`),
  'a prompt': (value) => demo.replace('verify:\n', `verify:\n  prompts: [${value}]\n`),
  'a licence': (value) => demo.replace(/ {2}license: .*/, `  license: ${value}`),
  'a key that nobody knows': (value) => `${demo}whatever: ${value}\n`,
  'a key of the wrong type': (value) => demo.replace('contextLength: 4096', `contextLength: ${value}`),
  'a name': (value) => demo.replace('name: smollm2-135m-llama-cpp', `name: ${value}`),
}

function told(text: string) {
  const parsed = parseRecipe(text, 'r.yaml')
  return parsed.ok ? [] : parsed.problems
}

const cases = Object.entries(tokens).flatMap(([kind, token]) =>
  Object.keys(places).map((place) => [kind, place, token] as const),
)

test.each(cases)('the token of %s as %s is refused at its place, and never shown', (_, place, token) => {
  const text = places[place]?.(JSON.stringify(token)) ?? ''
  const problems = told(text)
  const line = text.split('\n').findIndex((item) => item.includes(JSON.stringify(token).slice(0, 12))) + 1
  expect(problems.find((problem) => problem.line === line)).toBeDefined()
  const said = problems.map(formatProblem).join('\n') + JSON.stringify(problems)
  for (const part of token.split('\n')) expect(said).not.toContain(part.slice(0, 60).slice(6))
  expect(said).toMatch(/renew|secret|token|key/i)
})

test.each([
  ['a variable by its name', '  environment:\n    HF_TOKEN: "correct horse battery"', 'environment.HF_TOKEN'],
  ['another one', '  environment:\n    VLLM_API_KEY: abcdefg', 'environment.VLLM_API_KEY'],
  ['a password that is a number', '  environment:\n    DB_PASSWORD: "1234"', 'environment.DB_PASSWORD'],
  ['a name in small letters', '  environment:\n    my_secret: hunter2', 'environment.my_secret'],
  ['a name with a number', '  environment:\n    API_TOKEN_2: hunter2hunter2', 'environment.API_TOKEN_2'],
  ['a short word', '  environment:\n    DB_PASS: hunter2', 'environment.DB_PASS'],
  ['a shorter one', '  environment:\n    DB_PWD: hunter2', 'environment.DB_PWD'],
  ['credentials', '  environment:\n    AWS_CREDENTIALS: hunter2hunter2', 'environment.AWS_CREDENTIALS'],
  ['a flag and its value', '  extraArguments: ["--api-key", "hunter2"]', 'extraArguments.1'],
  ['a flag with its value', '  extraArguments: ["--api-key=hunter2hunter2"]', 'extraArguments.0'],
  [
    'a flag with a short value',
    '  extraArguments: ["--api-key=hun", "-api-key", "hunter2"]',
    'extraArguments.0',
  ],
  ['a flag with underscores', '  extraArguments: ["--hf_token", "hunter2"]', 'extraArguments.1'],
  ['a value that is no text', '  extraArguments: ["--api-key", 123456789]', 'extraArguments.1'],
  ['JSON in a variable', `  environment:\n    EXTRA: '{"api_key": "hunter2hunter2"}'`, 'environment.EXTRA'],
  ['a header', '  extraArguments: ["--header", "Authorization: Bearer hunter2hunter2"]', 'extraArguments.1'],
  [
    'an address',
    '  environment:\n    PROXY: "http://me:hunter2@proxy.acme.example:3128"',
    'environment.PROXY',
  ],
])('%s is refused and not shown', (_, lines, path) => {
  const problems = told(demo.replace('\nserving:\n', `\nserving:\n${lines}\n`))
  expect(problems.map((problem) => problem.path)).toContain(`serving.${path}`)
  expect(JSON.stringify(problems)).not.toMatch(/hunter2|correct horse|123456789|abcdefg|"1234"/)
})

test('a label is judged by its name as well', () => {
  const problems = told(demo.replace('\nimage:\n', '\nimage:\n  labels:\n    com.acme.apiKey: hunter2\n'))
  expect(problems).toMatchObject([{ path: 'image.labels.com.acme.apiKey' }])
  expect(JSON.stringify(problems)).not.toContain('hunter2')
})

test.each(['hunter2', 'hf_x', `hf_${random(34)}`, '12345678', '[hunter2]', '{a: hunter2}'])(
  'weights.source.token takes no token itself: %s',
  (token) => {
    const source = `  source:\n    type: huggingface\n    repo: acme/tiny\n    token: ${token}\n`
    const problems = told(demo.replace(/ {2}source:\n(?: {4}.*\n)+/, source))
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.every((problem) => problem.path.startsWith('weights.source.token'))).toBe(true)
    expect(JSON.stringify(problems)).not.toContain(token.replaceAll(/[^\w]/g, '').slice(-7))
  },
)

test.each([
  '  environment:\n    EOS_TOKEN: "</s>"\n    MAX_TOKEN: "12"\n    SSH_PUBLIC_KEY: "ssh-ed25519 AAAA"',
  '  environment:\n    TLS_KEY: /run/secrets/tls.key\n    USE_TOKEN: "true"\n    HF_TOKEN: ""',
  '  environment:\n    HF_HUB_ENABLE_HF_TRANSFER: "1"\n    SPM_KEYS: many',
  '  extraArguments: ["--api-key-file", "/run/secrets/key", "--ssl-keyfile", "/a/b", "--skip-special-tokens"]',
  '  extraArguments: ["--tokenizer", "hf_tokenizer_of_acme", "--x", "sk-learn-contrib-tools"]',
  '  extraArguments: ["--use-auth-token", "--verbose"]',
  '  environment:\n    MAX_TOKENS: "4096"\n    TOKENIZERS_PARALLELISM: "false"\n    VLLM_MAX_TOKEN: "5"\n    MONKEY: banana',
  '  environment:\n    FIRST_PASS: prefill\n    PWD: /srv\n    OLDPWD: here\n    BYPASS: some',
  '  environment:\n    AUTH: Bearer\n    NOTE: "uses bearer authentication"\n    PKG: pypi-attestations\n    TOKEN_LIMIT: "2000"',
  '  environment:\n    PAD_TOKEN: "<pad>"\n    STOP_TOKEN: "151645"\n    API_KEY_FILE: /run/key\n    PASSWORD_MIN_LENGTH: "12"',
])('what only looks like it is taken: %j', (lines) => {
  expect(told(demo.replace('\nserving:\n', `\nserving:\n${lines}\n`))).toEqual([])
})

test.each([
  'https://files.acme.example/m.gguf?token=hunter2hunter2',
  'https://files.acme.example/m.gguf?download=true&api_key=hunter2hunter2#top',
  'https://s3.acme.example/m.gguf?X-Amz-Date=20260101&X-Amz-Signature=hunter2hunter2',
  'https://blob.acme.example/m.gguf?sv=2024&sig=hunter2%2Fhunter2',
])('an address with a secret among its parameters is refused and not shown: %s', (url) => {
  const source = `  source:\n    type: url\n    url: ${url}\n    sha256: ${'a'.repeat(64)}\n`
  const problems = told(demo.replace(/ {2}source:\n(?: {4}.*\n)+/, source))
  expect(problems.map(({ path }) => path)).toEqual(['weights.source.url'])
  expect(problems[0]?.hint).toContain('type: folder')
  expect(JSON.stringify(problems)).not.toContain('hunter2')
})

test.each([
  '?download=true',
  '?key=models/m.gguf',
  '?max_token=123456',
  '?token=',
  '#token=hunter2hunter2',
  '',
])('an address without one is taken: %s', (query) => {
  const source = `  source:\n    type: url\n    url: https://files.acme.example/m.gguf${query}\n    sha256: ${'a'.repeat(64)}\n`
  expect(told(demo.replace(/ {2}source:\n(?: {4}.*\n)+/, source))).toEqual([])
})

test('the name of a token has its article', () => {
  const text = places['a variable']?.(tokens['OpenAI'] ?? '') ?? ''
  expect(told(text).map(({ message }) => message)).toEqual([
    'an API key of the form sk-… stands in the recipe',
  ])
})
