import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../../../pipelines/cli.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'

test('nothing is set: everything has its default', () => {
  expect(readSettings({})).toEqual({
    storeFolder: join(process.cwd(), '.ingot/store'),
    locksFolder: undefined,
    workflowRun: undefined,
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
  expect(readSettings(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readSettings({}))
})

test.each<[NodeJS.ProcessEnv, object]>([
  [{ INGOT_STORE: '/a/store' }, { storeFolder: '/a/store' }],
  [{ INGOT_LOCKS: 'locks' }, { locksFolder: resolve('locks') }],
  [{ HTTPS_PROXY: 'http://user:word@proxy:3128', https_proxy: 'socks5://proxy:1080' }, {}],
  [{ _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///run/engine.sock', DAGGER_SESSION_PORT: '65535' }, {}],
  [{ _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'docker-container://dagger-engine' }, {}],
  [{ HF_ENDPOINT: 'http://127.0.0.1:8080/' }, {}],
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
