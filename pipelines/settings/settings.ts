import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { z } from 'zod'
import { StageError } from '../error.ts'
import { type DisplaySettings, displayOf } from './display.ts'
import { type Variable, type VariableName, variables } from './variables.ts'

/** What the environment says, read once for a command. A stage takes the few members that it uses. */
export interface Settings {
  storeFolder: string
  /** Folder of all locks; undefined where each lies beside its recipe. */
  locksFolder: string | undefined
  /** The time that images are given, RFC 3339; undefined where they get none. */
  createdAt: string | undefined
  /** The run of GitHub Actions that this process is a part of. */
  workflowRun: WorkflowRun | undefined
  display: DisplaySettings
  /** Variables of proxies, in the form that Node's agents take. */
  proxies: Readonly<Record<string, string>>
  hub: HubSettings
  /** Variables of indexes of Python packages. */
  indexes: Readonly<Partial<Record<VariableName, string>>>
  /** Files with the logins of registries, in the order they are looked at. */
  loginFiles: readonly string[]
  engine: EngineSettings
  programs: ProgramSettings
}

export interface WorkflowRun {
  /** `https://HOST/OWNER/REPOSITORY/.github/workflows/FILE@REF`. */
  workflow: string
  /** Address of the run and its attempt. */
  run: string
}

export interface HubSettings {
  /** Without a slash at its end. */
  endpoint: string
  /** The token that a variable holds; no printing of it shows more than the variable. */
  token: { variable: string; reveal(): string } | undefined
  /** Where `hf auth login` writes one. */
  tokenFile: string
  /** Where the Hub's clients keep what they fetched. */
  cacheFolder: string
}

export interface EngineSettings {
  /** Inside of `dagger run`: a session is open already. */
  isInSession: boolean
  /** Address of an engine that runs already. */
  address: string | undefined
  /** Dagger's own program; undefined where the SDK downloads it. */
  program: string | undefined
}

/** The one place from which a program that ingot starts gets its environment. */
export interface ProgramSettings {
  /** All that this process was given, unread. `env://NAME` and the search for known secrets look here too. */
  environment: Readonly<Record<string, string | undefined>>
  /** Folders in which programs are looked for. */
  path: string
  /** Programs that a person names in place of those in `path`. */
  syft: string | undefined
  grype: string | undefined
  gitleaks: string | undefined
  cosign: string | undefined
  /** Whether gitleaks has rules of the person's own. */
  hasOwnRules: boolean
}

type VariableValues = Partial<Record<VariableName, string>>

const known: Record<string, Variable> = variables

/** Those that this process reads itself, a proxy also by the name in small letters. */
const schema = z.object(
  Object.fromEntries(
    Object.entries(known)
      .filter(([, { reader }]) => reader === undefined)
      .flatMap(([name, { value }]) => spellings(name).map((spelling) => [spelling, value.optional()])),
  ),
)

function spellings(name: string): string[] {
  return name.endsWith('_PROXY') ? [name, name.toLowerCase()] : [name]
}

/** An empty variable is an unset one. Throws `usage` with every variable that has a wrong value, by name alone. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  const parsed = schema.safeParse(Object.fromEntries(set))
  if (!parsed.success) throw wrongValues(parsed.error.issues)
  // The schema has the names of the table, which TypeScript does not follow through Object.fromEntries.
  const values = parsed.data as VariableValues
  return {
    storeFolder: values.INGOT_STORE ?? usualStore(values),
    locksFolder: values.INGOT_LOCKS === undefined ? undefined : resolve(values.INGOT_LOCKS),
    createdAt: createdAtOf(values),
    workflowRun: workflowRunOf(values),
    display: displayOf(environment),
    proxies: chosen(values, (name) => name.toUpperCase().endsWith('_PROXY')),
    hub: hubOf(values),
    indexes: chosen(values, (name) => /^(PIP|UV)_/.test(name)),
    loginFiles: loginFilesOf(values),
    engine: {
      isInSession: values.DAGGER_SESSION_PORT !== undefined,
      address: values._EXPERIMENTAL_DAGGER_RUNNER_HOST,
      program: values._EXPERIMENTAL_DAGGER_CLI_BIN,
    },
    programs: {
      environment: unprinted(environment),
      path: values.PATH ?? '',
      syft: values.INGOT_SYFT,
      grype: values.INGOT_GRYPE,
      gitleaks: values.INGOT_GITLEAKS,
      cosign: values.INGOT_COSIGN,
      hasOwnRules: (values.GITLEAKS_CONFIG ?? values.GITLEAKS_CONFIG_TOML) !== undefined,
    },
  }
}

/** One store for all folders of recipes, since they share weights; one of a folder's own, where it is there, stays in use. */
function usualStore(values: VariableValues): string {
  const own = join(process.cwd(), '.ingot', 'store')
  const data = values.XDG_DATA_HOME ?? join(homeOf(values), '.local', 'share')
  return existsSync(own) ? own : join(data, 'ingot', 'store')
}

function chosen(values: VariableValues, isTaken: (name: string) => boolean): Record<string, string> {
  return unprinted(Object.fromEntries(Object.entries(values).filter(([name]) => isTaken(name))))
}

/** The same variables, of which `util.inspect` and JSON show the names alone: any value may hold a token or a password. */
function unprinted<Values extends object>(values: Values): Values {
  const names = () => Object.keys(values)
  return Object.defineProperties(
    { ...values },
    { [inspect.custom]: { value: names }, toJSON: { value: names } },
  )
}

function createdAtOf({ SOURCE_DATE_EPOCH: seconds }: VariableValues): string | undefined {
  return seconds === undefined
    ? undefined
    : new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

function workflowRunOf(values: VariableValues): WorkflowRun | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_WORKFLOW_REF: workflow, GITHUB_REPOSITORY: repository } = values
  const { GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: attempt = '1' } = values
  if ([server, workflow, repository, id].includes(undefined)) return undefined
  return {
    workflow: `${server}/${workflow}`,
    run: `${server}/${repository}/actions/runs/${id}/attempts/${attempt}`,
  }
}

/** The public Hub, where HF_ENDPOINT names no other. */
const publicHub = 'https://huggingface.co'

function hubOf(values: VariableValues): HubSettings {
  const cache = values.XDG_CACHE_HOME ?? join(homeOf(values), '.cache')
  const home = values.HF_HOME ?? join(cache, 'huggingface')
  const variable = (['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'] as const).find((name) => values[name]?.trim())
  return {
    endpoint: (values.HF_ENDPOINT ?? publicHub).replace(/\/+$/, ''),
    token: variable && { variable, reveal: () => values[variable] ?? '' },
    tokenFile: values.HF_TOKEN_PATH ?? join(home, 'token'),
    cacheFolder: values.HF_HUB_CACHE ?? join(home, 'hub'),
  }
}

/** Where `docker login`, `podman login` and `skopeo login` keep logins. */
function loginFilesOf(values: VariableValues): string[] {
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime } = values
  const home = homeOf(values)
  return [
    ...(named === undefined ? [] : [named]),
    join(values.DOCKER_CONFIG ?? join(home, '.docker'), 'config.json'),
    ...(runtime === undefined ? [] : [join(runtime, 'containers/auth.json')]),
    join(values.XDG_CONFIG_HOME ?? join(home, '.config'), 'containers/auth.json'),
  ]
}

function homeOf({ HOME }: VariableValues): string {
  return HOME ?? homedir()
}

/** A value may hold a password, so none is shown. */
function wrongValues(issues: readonly z.core.$ZodIssue[]): StageError {
  const found = issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  return new StageError('usage', {
    attempted: 'read the environment',
    found: found.join('\n  '),
    hint: `correct ${issues.length === 1 ? 'it' : 'them'}, or unset what is not needed; docs/environment.md has every variable`,
  })
}
