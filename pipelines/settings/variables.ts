import { z } from 'zod'

/** One variable of the environment: what it means to a person, and what may stand in it. */
export interface Variable {
  group: Group
  meaning: string
  /** What holds where it is unset. */
  usual?: string
  /** Who reads it where that is not ingot's own process. */
  reader?: string
  /** Of those that ingot reads; its message never holds the value, which may be a secret. */
  value: z.ZodType<string>
}

export const groups = {
  ingot: 'ingot’s own',
  elsewhere: 'Images and bundles',
  engine: 'Engine',
  network: 'Network, logins, tokens',
  print: 'What is printed',
  start: 'Start',
  lab: 'Lab and tests',
} as const
export type Group = keyof typeof groups

const text = z.string()

const folder = text.refine((value) => value.trim() !== '' && !value.includes('\0'), 'is no path of a folder')

const httpAddress = text.refine(
  (value) => /^https?:\/\//.test(value) && URL.canParse(value),
  'is no http(s) address; write it as https://HOST',
)

/** Some tools take `proxy:3128`; which protocol is meant is not guessed here. */
const proxy = text.refine(
  (value) => /^(https?|socks5?):\/\/./.test(value) && URL.canParse(value),
  'is no address of a proxy; write it as http://HOST:PORT',
)

const engineAddress = text.refine(
  (value) => /^[a-z][a-z0-9+.-]*:\/\/./.test(value),
  'is no address of an engine; write it as unix:///PATH, tcp://HOST:PORT or docker-container://NAME',
)

const port = text.refine(
  (value) => /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65535,
  'is no port; it is a number from 1 to 65535',
)

/** Until the year 9999. */
const epochSeconds = text.refine(
  (value) => /^\d{1,12}$/.test(value) && Number(value) < 253_402_300_800,
  'is no number of seconds since 1970',
)

function row<const Name extends Group>(group: Name, meaning: string, more: Partial<Variable> = {}): Variable {
  return { group, meaning, value: text, ...more }
}

const bundle = 'scripts of a [bundle](air-gap.md)'
const dagger = 'Dagger’s SDK'

/** Every variable that a person may set, in the order of docs/environment.md. */
export const variables = {
  INGOT_STORE: row('ingot', 'folder of the store', {
    usual: '`.ingot/store` where that is there, else `ingot/store` in `XDG_DATA_HOME`',
    value: folder,
  }),
  XDG_DATA_HOME: row('ingot', 'folder of data', { usual: '`~/.local/share`', value: folder }),
  INGOT_LOCKS: row(
    'ingot',
    'folder of the locks, in place of the recipe’s own folder; for bases that only this machine has, such as the [lab](lab.md)’s',
    { usual: 'beside the recipe', value: folder },
  ),
  SOURCE_DATE_EPOCH: row(
    'ingot',
    'time of the images that are built, in seconds since 1970; another time is another digest, and an image that was built before keeps its own',
    { usual: 'images have no time, so that two builds are one digest', value: epochSeconds },
  ),
  INGOT_DEBUG: row('ingot', 'with any value, an unexpected failure shows where in the program it happened', {
    usual: 'the place is in `.ingot/logs` alone',
  }),
  INGOT_SYFT: row('ingot', 'the program that lists packages for an SBOM', { usual: '`syft` in PATH' }),
  INGOT_GRYPE: row('ingot', 'the program that looks up known vulnerabilities', {
    usual: '`grype` in PATH',
  }),
  INGOT_GITLEAKS: row('ingot', 'the program that searches for secrets of a known form', {
    usual: '`gitleaks` in PATH',
  }),
  INGOT_COSIGN: row('ingot', 'the program that signs; `verify.sh` of a bundle reads it as well', {
    usual: '`cosign` in PATH',
  }),
  INGOT_WEIGHTS_CHECK: row(
    'elsewhere',
    'for an image whose [weights are mounted](weights.md), when it starts: `full` hashes them, `off` checks nothing',
    { usual: 'names and sizes', reader: 'the image' },
  ),
  INGOT_SKOPEO_FLAGS: row('elsewhere', 'further flags for skopeo in `load.sh`', { reader: bundle }),
  CONTAINERD_NAMESPACE: row('elsewhere', 'where `load.sh` puts images into containerd', {
    usual: '`k8s.io`',
    reader: bundle,
  }),
  TMPDIR: row('elsewhere', 'where the scripts keep what they need for a moment', {
    usual: '`/var/tmp` in `load.sh`',
    reader: bundle,
  }),
  _EXPERIMENTAL_DAGGER_RUNNER_HOST: row('engine', 'address of a Dagger engine that runs already', {
    usual: 'Dagger starts one in Docker or Podman',
    value: engineAddress,
  }),
  _EXPERIMENTAL_DAGGER_CLI_BIN: row('engine', 'Dagger’s command line', { usual: 'the SDK downloads it' }),
  DAGGER_SESSION_PORT: row('engine', 'set by `dagger run`: ingot joins that session and opens none', {
    value: port,
  }),
  DAGGER_SESSION_TOKEN: row('engine', 'set by `dagger run`, for that session', { reader: dagger }),
  HTTPS_PROXY: row('network', 'proxy of requests by https; `https_proxy` comes before it', { value: proxy }),
  HTTP_PROXY: row('network', 'proxy of requests by http; `http_proxy` comes before it', { value: proxy }),
  NO_PROXY: row('network', 'hosts that are asked without a proxy; `no_proxy` comes before it'),
  NODE_EXTRA_CA_CERTS: row('network', 'a file of further authorities', { reader: 'Node' }),
  HF_ENDPOINT: row('network', 'a Hub other than the public one', {
    usual: '`https://huggingface.co`',
    value: httpAddress,
  }),
  HF_TOKEN: row('network', 'token of the Hub'),
  HUGGING_FACE_HUB_TOKEN: row('network', 'token of the Hub where `HF_TOKEN` is unset'),
  HF_TOKEN_PATH: row('network', 'file with the token that `hf auth login` writes', {
    usual: '`token` in `HF_HOME`',
  }),
  HF_HUB_CACHE: row('network', 'the Hub’s cache of this machine, which `ingot fetch` reads', {
    usual: '`hub` in `HF_HOME`',
  }),
  HF_HOME: row('network', 'folder of the Hub’s tools', { usual: '`huggingface` in `XDG_CACHE_HOME`' }),
  XDG_CACHE_HOME: row('network', 'folder of caches', { usual: '`~/.cache`' }),
  REGISTRY_AUTH_FILE: row(
    'network',
    'file with the logins of registries, before the places that [publish.md](publish.md) names',
  ),
  DOCKER_CONFIG: row('network', 'folder of Docker’s `config.json`, with logins', { usual: '`~/.docker`' }),
  XDG_RUNTIME_DIR: row('network', 'folder of `containers/auth.json`, with Podman’s logins'),
  XDG_CONFIG_HOME: row('network', 'another folder of `containers/auth.json`', { usual: '`~/.config`' }),
  PIP_INDEX_URL: row('network', 'index of Python packages, as pip reads it; uv’s names stand in for pip’s', {
    usual: 'pip’s own configuration',
  }),
  PIP_EXTRA_INDEX_URL: row('network', 'further indexes'),
  PIP_TRUSTED_HOST: row('network', 'hosts of indexes whose certificates are not checked'),
  UV_DEFAULT_INDEX: row('network', 'index of Python packages, as uv reads it; pip’s names stand in for uv’s'),
  UV_INDEX_URL: row('network', 'the same, by its older name'),
  UV_INDEX: row('network', 'further indexes'),
  UV_EXTRA_INDEX_URL: row('network', 'the same, by its older name'),
  UV_INDEX_STRATEGY: row('network', 'which of several indexes uv takes a package from'),
  UV_INSECURE_HOST: row('network', 'hosts of indexes whose certificates are not checked'),
  GITLEAKS_CONFIG: row('network', 'a file of rules for gitleaks, in place of ingot’s choice of its rules'),
  GITLEAKS_CONFIG_TOML: row('network', 'such rules themselves'),
  GRYPE_DB_CACHE_DIR: row('network', 'folder of the database of vulnerabilities', {
    usual: '`grype/db` in `XDG_CACHE_HOME`',
    reader: 'grype',
  }),
  GRYPE_DB_AUTO_UPDATE: row('network', '`true`: grype may fetch a newer database', {
    usual: '`false` under ingot',
    reader: 'grype',
  }),
  GRYPE_DB_UPDATE_URL: row('network', 'a mirror of that database', { reader: 'grype' }),
  COSIGN_PASSWORD: row('network', 'password of a signing key', { reader: 'cosign' }),
  CI: row('print', 'with any value, plain lines in place of progress bars'),
  TERM: row('print', '`dumb`: the same'),
  GITHUB_SERVER_URL: row(
    'print',
    'set by GitHub Actions, as the next four: the provenance names workflow and run as the builder',
    { value: httpAddress },
  ),
  GITHUB_WORKFLOW_REF: row('print', 'the workflow'),
  GITHUB_REPOSITORY: row('print', 'its repository'),
  GITHUB_RUN_ID: row('print', 'its run'),
  GITHUB_RUN_ATTEMPT: row('print', 'the attempt of that run', { usual: '1' }),
  NODE_COMPILE_CACHE: row(
    'start',
    'folder of compiled sources, which spares time and memory at every start',
    { usual: '`ingot/node` in `XDG_CACHE_HOME`', reader: '`bin/ingot`' },
  ),
  HOME: row('start', 'where `~` is', { usual: 'the user’s own' }),
  PATH: row('start', 'where programs of other projects are looked for'),
  INGOT_LAB: row('lab', '`1`: use the [lab](lab.md) even beside a working Docker', { reader: 'the lab' }),
  INGOT_LAB_DIR: row('lab', 'folder of the lab', {
    usual: '`ingot-lab` in `XDG_CACHE_HOME`',
    reader: 'the lab',
  }),
  INGOT_LAB_REGISTRY_PORT: row('lab', 'port of the lab’s registry', {
    usual: 'the first free one from 5077 on',
    reader: 'the lab',
  }),
  INGOT_TOOLS_DIR: row('lab', 'folder of the programs that tests use', {
    usual: '`ingot-tools` in `XDG_CACHE_HOME`',
    reader: 'tests',
  }),
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables
