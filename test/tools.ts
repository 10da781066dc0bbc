import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../lib/error.ts'
import { holdLock } from '../pipelines/store/lock.ts'

/**
 * Where a third-party program comes from. Go modules are pinned by version; Debian's packages by its release. `suite` takes one
 * file out of a package of another release, without installing it.
 */
type Source =
  | { type: 'go'; package: string; version: string }
  | { type: 'apt'; package: string }
  | { type: 'suite'; suite: string; package: string; file: string }

type SuiteSource = Extract<Source, { type: 'suite' }>

const sources = {
  crane: { type: 'go', package: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' },
  regctl: { type: 'go', package: 'github.com/regclient/regclient/cmd/regctl', version: 'v0.11.7' },
  // OCI's own suite for registries; its releases are not tagged for the Go proxy.
  conformance: {
    type: 'go',
    package: 'github.com/opencontainers/distribution-spec/conformance',
    version: 'v0.0.0-20260831232431-97274622c111',
  },
  skopeo: { type: 'apt', package: 'skopeo' },
  runc: { type: 'apt', package: 'runc' },
  chromium: { type: 'apt', package: 'chromium' },
  chromedriver: { type: 'apt', package: 'chromium-driver' },
  'docker-registry': { type: 'apt', package: 'docker-registry' },
  htpasswd: { type: 'apt', package: 'apache2-utils' },
  jq: { type: 'apt', package: 'jq' },
  podman: { type: 'apt', package: 'podman' },
  umoci: { type: 'apt', package: 'umoci' },
  busybox: { type: 'apt', package: 'busybox-static' },
  kubeconform: { type: 'go', package: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' },
  actionlint: { type: 'go', package: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' },
  // compose-go, the parser of docker compose, calls its program so.
  cmd: { type: 'go', package: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.16.2' },
  containerd: {
    type: 'go',
    package: 'github.com/containerd/containerd/v2/cmd/containerd',
    version: 'v2.4.2',
  },
  'containerd-shim-runc-v2': {
    type: 'go',
    package: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    version: 'v2.4.2',
  },
  ctr: { type: 'go', package: 'github.com/containerd/containerd/v2/cmd/ctr', version: 'v2.4.2' },
  dockerd: { type: 'go', package: 'github.com/moby/moby/v2/cmd/dockerd', version: 'v2.0.0-beta.24' },
  // Debian 12's Podman is older than quadlet.
  quadlet: { type: 'suite', suite: 'trixie', package: 'podman', file: 'usr/libexec/podman/quadlet' },
  gitleaks: { type: 'go', package: 'github.com/zricethezav/gitleaks/v8', version: 'v8.30.1' },
  // Minutes to build where nothing is cached: cosign 3, syft 3 to 14, registry 2 to 6. Only `test:slow` asks for the last two.
  cosign: { type: 'go', package: 'github.com/sigstore/cosign/v3/cmd/cosign', version: 'v3.1.3' },
  syft: { type: 'go', package: 'github.com/anchore/syft/cmd/syft', version: 'v1.57.0' },
  registry: {
    type: 'go',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    version: 'v3.1.2',
  },
} as const satisfies Record<string, Source>

export type ToolName = keyof typeof sources

/**
 * Path of a program, installed on first use and kept for later runs and other processes. Needs Go, or root and apt.
 */
export async function ensureTool(name: ToolName): Promise<string> {
  const source: Source = sources[name]
  const path = placeOf(name, source)
  if (path !== undefined) return path
  await mkdir(cacheFolder(), { recursive: true })
  const lock = await holdLock(join(cacheFolder(), source.type === 'apt' ? 'apt.lock' : `${name}.lock`))
  try {
    return placeOf(name, source) ?? (await install(name, source))
  } finally {
    lock.release()
  }
}

function cacheFolder(): string {
  const { INGOT_TOOLS_DIR, XDG_CACHE_HOME } = process.env
  return INGOT_TOOLS_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot-tools')
}

function placeOf(name: string, source: Source): string | undefined {
  if (source.type === 'apt') return findInPath(name)
  const version = source.type === 'go' ? source.version : source.suite
  const path = join(cacheFolder(), `${name}-${version}`, name)
  return existsSync(path) ? path : undefined
}

async function install(name: string, source: Source): Promise<string> {
  if (source.type === 'apt') await installFromApt(source.package)
  else if (source.type === 'suite') await extractFromSuite(name, source)
  else await installFromGo(name, source.package, source.version)
  const path = placeOf(name, source)
  if (path === undefined) throw new Error(`${name} was installed but is not there`)
  return path
}

/** Builds into a folder beside the final one, so that a cut build leaves nothing under the final name. */
async function installFromGo(name: string, goPackage: string, version: string): Promise<void> {
  const building = `${name}-building-`
  for (const left of await readdir(cacheFolder()))
    if (left.startsWith(building)) await rm(join(cacheFolder(), left), { recursive: true, force: true })
  const folder = await mkdtemp(join(cacheFolder(), building))
  try {
    const env = { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath', CGO_ENABLED: '0' }
    await command('go', ['install', `${goPackage}@${version}`], env)
    await rename(folder, join(cacheFolder(), `${name}-${version}`))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function extractFromSuite(name: string, { suite, package: from, file }: SuiteSource): Promise<void> {
  if (findInPath('mmdebstrap') === undefined) await installFromApt('mmdebstrap')
  const tree = await mkdtemp(join(cacheFolder(), `${name}-building-`))
  const options = ['--variant=extract', `--include=${from}`, '--aptopt=Apt::Install-Recommends "false"']
  try {
    await command('mmdebstrap', [...options, suite, join(tree, 'root')], process.env)
    await mkdir(join(tree, 'file'))
    await rename(join(tree, 'root', file), join(tree, 'file', name))
    await rename(join(tree, 'file'), join(cacheFolder(), `${name}-${suite}`))
  } finally {
    await rm(tree, { recursive: true, force: true })
  }
}

async function installFromApt(debianPackage: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Another process may be installing as well.
  const wait = ['-o', 'DPkg::Lock::Timeout=600']
  await command('apt-get', [...wait, 'update', '-q'], env)
  await command('apt-get', [...wait, 'install', '-q', '-y', '--no-install-recommends', debianPackage], env)
}

async function command(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 })
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')} failed: ${messageOf(error).slice(-2000)}`, { cause: error })
  }
}

function findInPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
