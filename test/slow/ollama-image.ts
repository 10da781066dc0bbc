import type { Client } from '@dagger.io/dagger'

/** The version whose module builds with headers from elsewhere (reference/lab.md). */
export const ollamaVersion = '0.17.4'

const packages = [
  'golang-go',
  'g++',
  'ca-certificates',
  'nlohmann-json3-dev',
  'libminiaudio-dev',
  'libstb-dev',
]

/** Without AVX2 a prompt of 2048 tokens took this build 255 s on two cores. The official image chooses at run time. */
const cpu = process.arch === 'x64' ? '-O3 -mavx2 -mfma -mf16c -mbmi2' : '-O3'

/** cgo compiles llama.cpp and ggml for the CPU; the module's archive lacks headers that it names. */
const buildScript = `
apt-get update -qq
apt-get install -y -qq --no-install-recommends ${packages.join(' ')} > /dev/null
mkdir -p /headers/miniaudio
ln -s "$(find /usr/include -name miniaudio.h | head -n 1)" /headers/miniaudio/miniaudio.h
export CGO_ENABLED=1 CGO_CFLAGS="${cpu} -I/headers" CGO_CXXFLAGS="${cpu} -I/headers" GOBIN=/out GOFLAGS=-trimpath GOTOOLCHAIN=local
go install -ldflags '-s -w -X github.com/ollama/ollama/version.Version=${ollamaVersion}' github.com/ollama/ollama@v${ollamaVersion}
`

/**
 * Publishes an image laid out as the official one, ollama/ollama, to a registry that the engine reads docker.io from:
 * where no such registry can be reached, this is the image. Built in the engine; 6 CPU-minutes when nothing is cached.
 */
export async function publishOllama(client: Client, registry: string): Promise<string> {
  const builder = client
    .container()
    .from('debian:forky-slim')
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withMountedCache('/root/go/pkg/mod', client.cacheVolume('ingot-test-go-modules'))
    .withMountedCache('/root/.cache/go-build', client.cacheVolume('ingot-test-go-build'))
    .withExec(['sh', '-ceu', buildScript])
  return client
    .container()
    .from('debian:forky-slim')
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withExec([
      'sh',
      '-ceu',
      'apt-get update -qq; apt-get install -y -qq --no-install-recommends libstdc++6 ca-certificates > /dev/null',
    ])
    .withFile('/usr/bin/ollama', builder.file('/out/ollama'))
    .withEnvVariable('OLLAMA_HOST', '0.0.0.0:11434')
    .withEnvVariable('NVIDIA_VISIBLE_DEVICES', 'all')
    .withEnvVariable('NVIDIA_DRIVER_CAPABILITIES', 'compute,utility')
    .withEntrypoint(['/bin/ollama'])
    .withDefaultArgs(['serve'])
    .publish(`${registry}/ollama/ollama:${ollamaVersion}`)
}
