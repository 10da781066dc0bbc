import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { main } from '../../../pipelines/cli.ts'
import { readSettings, type Settings } from '../../../pipelines/settings/settings.ts'

const own = join(process.cwd(), '.ingot/store')

test('nothing is set: everything has its default', () => {
  expect(readSettings({ HOME: '/home/u' })).toEqual({
    storeFolder: existsSync(own) ? own : '/home/u/.local/share/ingot/store',
    locksFolder: undefined,
    createdAt: undefined,
    workflowRun: undefined,
    display: { isPlain: false, showsPlace: false },
    proxies: {},
    hub: {
      endpoint: 'https://huggingface.co',
      token: undefined,
      tokenFile: '/home/u/.cache/huggingface/token',
      cacheFolder: '/home/u/.cache/huggingface/hub',
    },
    indexes: {},
    loginFiles: ['/home/u/.docker/config.json', '/home/u/.config/containers/auth.json'],
    engine: { isInSession: false, address: undefined, program: undefined },
    programs: {
      environment: { HOME: '/home/u' },
      path: '',
      syft: undefined,
      grype: undefined,
      gitleaks: undefined,
      cosign: undefined,
      hasOwnRules: false,
    },
  })
})

test('an empty variable is an unset one', () => {
  const names = [
    'INGOT_STORE',
    'INGOT_LOCKS',
    'HF_ENDPOINT',
    'HTTPS_PROXY',
    'http_proxy',
    'GITHUB_SERVER_URL',
  ]
  const empty = Object.fromEntries(names.map((name) => [name, '']))
  const { programs, ...settings } = readSettings(empty)
  // A program gets what this process was given, as it is.
  expect(programs.environment).toEqual(empty)
  expect(settings).toEqual(others(readSettings({})))
})

test.each<[NodeJS.ProcessEnv, object]>([
  [{ INGOT_STORE: '/a/store' }, { storeFolder: '/a/store' }],
  [{ SOURCE_DATE_EPOCH: '1700000000' }, { createdAt: '2023-11-14T22:13:20Z' }],
  [{ INGOT_LOCKS: 'locks' }, { locksFolder: resolve('locks') }],
  [
    { HTTPS_PROXY: 'http://user:word@proxy:3128', https_proxy: 'socks5://proxy:1080', no_proxy: 'a' },
    {
      proxies: {
        HTTPS_PROXY: 'http://user:word@proxy:3128',
        https_proxy: 'socks5://proxy:1080',
        no_proxy: 'a',
      },
    },
  ],
  [
    { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///run/engine.sock', DAGGER_SESSION_PORT: '65535' },
    { engine: { isInSession: true, address: 'unix:///run/engine.sock' } },
  ],
  [
    { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'docker-container://dagger-engine' },
    { engine: { isInSession: false, address: 'docker-container://dagger-engine' } },
  ],
  [{ HF_ENDPOINT: 'http://127.0.0.1:8080/' }, { hub: { endpoint: 'http://127.0.0.1:8080' } }],
  [{ HF_HOME: '/hf' }, { hub: { tokenFile: '/hf/token', cacheFolder: '/hf/hub' } }],
  [{ HF_HUB_CACHE: '/cache' }, { hub: { cacheFolder: '/cache' } }],
  [{ XDG_CACHE_HOME: '/c', HF_TOKEN: ' ' }, { hub: { token: undefined, tokenFile: '/c/huggingface/token' } }],
  [{ HUGGING_FACE_HUB_TOKEN: 'hf_x' }, { hub: { token: { variable: 'HUGGING_FACE_HUB_TOKEN' } } }],
  [
    { PIP_INDEX_URL: 'https://i', UV_INDEX: 'a b' },
    { indexes: { PIP_INDEX_URL: 'https://i', UV_INDEX: 'a b' } },
  ],
  [
    { REGISTRY_AUTH_FILE: '/a.json', DOCKER_CONFIG: '/d', XDG_RUNTIME_DIR: '/r', XDG_CONFIG_HOME: '/x' },
    { loginFiles: ['/a.json', '/d/config.json', '/r/containers/auth.json', '/x/containers/auth.json'] },
  ],
  [{ PATH: '/bin', INGOT_SYFT: '/syft' }, { programs: { path: '/bin', syft: '/syft' } }],
  [{ GITLEAKS_CONFIG_TOML: 'title' }, { programs: { hasOwnRules: true } }],
  [{ CI: '1', INGOT_DEBUG: '1' }, { display: { isPlain: true, showsPlace: true } }],
  [{ SOMETHING_ELSE: ' ' }, {}],
])('%j is taken', (environment, settings) => {
  expect(readSettings(environment)).toMatchObject(settings)
})

test.each([
  ['INGOT_STORE', '  ', 'is no path of a folder'],
  ['INGOT_LOCKS', '\t', 'is no path of a folder'],
  ['HF_ENDPOINT', 'huggingface.co', 'is no http(s) address'],
  ['HF_ENDPOINT', 'ftp://hub', 'is no http(s) address'],
  ['HTTPS_PROXY', 'user:s3cret@proxy:3128', 'is no address of a proxy'],
  ['https_proxy', 'proxy:3128', 'is no address of a proxy'],
  ['HTTP_PROXY', 'http://', 'is no address of a proxy'],
  ['http_proxy', 'http://s3cret@:port', 'is no address of a proxy'],
  ['_EXPERIMENTAL_DAGGER_RUNNER_HOST', '/run/engine.sock', 'is no address of an engine'],
  ['DAGGER_SESSION_PORT', '65536', 'is no port'],
  ['DAGGER_SESSION_PORT', '0', 'is no port'],
  ['DAGGER_SESSION_PORT', 'http', 'is no port'],
  ['GITHUB_SERVER_URL', 'github.com', 'is no http(s) address'],
])(
  '%s=%s ends every command that reads it, with its name and without its value',
  async (name, value, found) => {
    const run = (...argv: string[]) => runWith({ [name]: value }, argv)
    const { code, errors } = await run('list')
    expect(code).toBe(2)
    expect(errors).toContain(`could not read the environment\n  found: ${name} ${found}`)
    expect(errors).toContain('to do: correct it, or unset')
    if (value.includes('s3cret')) expect(errors).not.toContain('s3cret')
    expect(await run('completion', 'bash')).toMatchObject({ code: 0, errors: '' })
    expect(await run('list', '--help')).toMatchObject({ code: 0, errors: '' })
  },
)

test('every wrong variable is named at once', () => {
  const environment = { DAGGER_SESSION_PORT: 'x', HF_ENDPOINT: 'y', no_proxy: '*' }
  expect(() => readSettings(environment)).toThrow(
    expect.objectContaining({
      code: 'usage',
      failure: expect.objectContaining({
        found: expect.stringMatching(
          /DAGGER_SESSION_PORT is no port.*\n {2}HF_ENDPOINT is no http|HF_ENDPOINT is no http.*\n {2}DAGGER_SESSION_PORT is no port/,
        ),
        hint: expect.stringContaining('correct them'),
      }),
    }),
  )
})

test('GitHub’s variables name the run only where workflow and server are both there', () => {
  const workflow = { GITHUB_WORKFLOW_REF: 'o/r/.github/workflows/a.yml@refs/heads/main' }
  expect(readSettings(workflow).workflowRun).toBeUndefined()
  expect(readSettings({ ...workflow, GITHUB_SERVER_URL: 'https://github.com' }).workflowRun).toBeUndefined()
  const run = {
    ...workflow,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '7',
  }
  expect(readSettings(run).workflowRun).toEqual({
    workflow: 'https://github.com/o/r/.github/workflows/a.yml@refs/heads/main',
    run: 'https://github.com/o/r/actions/runs/7/attempts/1',
  })
})

test('no printing of settings shows the token', () => {
  const { hub } = readSettings({ HF_TOKEN: 'hf_of-this-run' })
  expect(hub.token?.reveal()).toBe('hf_of-this-run')
  expect(`${JSON.stringify(hub)} ${inspect(hub, { depth: null })}`).not.toContain('hf_of-this-run')
})

const others = ({ programs, ...settings }: Settings) => settings

async function runWith(environment: NodeJS.ProcessEnv, argv: readonly string[]) {
  const errors: string[] = []
  const code = await main(argv, {
    stdout: () => undefined,
    stderr: (text) => void errors.push(text),
    environment,
    progress: { step: () => undefined, bytes: () => undefined, end: () => undefined, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, errors: errors.join('') }
}

test('no printing of the settings shows the value of a variable, and programs get them all', () => {
  const values = {
    HF_TOKEN: 'hf_of-this-run',
    HTTPS_PROXY: 'http://user:pr0xy-word@proxy:3128',
    PIP_INDEX_URL: 'https://user:1ndex-word@index/simple',
    MY_PASSWORD: 's3cret-word',
  }
  const settings = readSettings(values)
  const copy = { ...settings, programs: { ...settings.programs } }
  for (const shown of [settings, copy])
    for (const text of [JSON.stringify(shown), inspect(shown, { depth: null, showHidden: true }), `${shown}`])
      expect(text).not.toMatch(/hf_of-this-run|pr0xy-word|1ndex-word|s3cret-word/)
  expect(inspect(settings.programs, { depth: null })).toContain('MY_PASSWORD')
  expect({ ...settings.programs.environment }).toEqual(values)
  expect(settings.proxies['HTTPS_PROXY']).toBe(values.HTTPS_PROXY)
})
