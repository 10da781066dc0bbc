import type { Client, Container } from '@dagger.io/dagger'

/**
 * Versions whose module builds. 0.17.4 has llama.cpp in itself and names headers that its archive lacks; 0.32.15 starts
 * a llama-server beside it, which is Debian's here where the official image has one of its own build.
 */
export const ollamaVersions = ['0.17.4', '0.32.15'] as const
export type OllamaVersion = (typeof ollamaVersions)[number]

const packages = [
  'golang-go',
  'g++',
  'ca-certificates',
  'nlohmann-json3-dev',
  'libminiaudio-dev',
  'libstb-dev',
]

const runtimePackages: Record<OllamaVersion, readonly string[]> = {
  '0.17.4': ['libstdc++6'],
  '0.32.15': ['libstdc++6', 'llama.cpp-tools'],
}

/** Without AVX2 a prompt of 2048 tokens took this build 255 s on two cores. The official image chooses at run time. */
const cpu = process.arch === 'x64' ? '-O3 -mavx2 -mfma -mf16c -mbmi2' : '-O3'

const buildScript = (version: OllamaVersion) => `
apt-get update -qq
apt-get install -y -qq --no-install-recommends ${packages.join(' ')} > /dev/null
mkdir -p /headers/miniaudio
ln -s "$(find /usr/include -name miniaudio.h | head -n 1)" /headers/miniaudio/miniaudio.h
export CGO_ENABLED=1 CGO_CFLAGS="${cpu} -I/headers" CGO_CXXFLAGS="${cpu} -I/headers" GOBIN=/out GOFLAGS=-trimpath GOTOOLCHAIN=local
go install -ldflags '-s -w -X github.com/ollama/ollama/version.Version=${version}' github.com/ollama/ollama@v${version}
`

/** Ollama looks for its server in ../lib/ollama. */
const installScript = (version: OllamaVersion) => `
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates ${runtimePackages[version].join(' ')} > /dev/null
if [ -e /usr/bin/llama-server ]; then mkdir -p /usr/lib/ollama; ln -s /usr/bin/llama-server /usr/lib/ollama/; fi
`

/**
 * Publishes an image laid out as the official one, ollama/ollama, to a registry that the engine reads docker.io from:
 * where no such registry can be reached, this is the image. Built in the engine; 6 CPU-minutes when nothing is cached.
 */
export async function publishOllama(
  client: Client,
  registry: string,
  version: OllamaVersion,
): Promise<string> {
  const builder = debian(client)
    .withMountedCache('/root/go/pkg/mod', client.cacheVolume('ingot-test-go-modules'))
    .withMountedCache('/root/.cache/go-build', client.cacheVolume('ingot-test-go-build'))
    .withExec(['sh', '-ceu', buildScript(version)])
  return debian(client)
    .withExec(['sh', '-ceu', installScript(version)])
    .withFile('/usr/bin/ollama', builder.file('/out/ollama'))
    .withEnvVariable('OLLAMA_HOST', '0.0.0.0:11434')
    .withEnvVariable('NVIDIA_VISIBLE_DEVICES', 'all')
    .withEnvVariable('NVIDIA_DRIVER_CAPABILITIES', 'compute,utility')
    .withEntrypoint(['/bin/ollama'])
    .withDefaultArgs(['serve'])
    .publish(`${registry}/ollama/ollama:${version}`)
}

function debian(client: Client): Container {
  return client.container().from('debian:forky-slim').withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
}
