import { type FactoryLock, helperLock } from '../../recipes/lock.ts'
import type { Client, File } from '../process/session.ts'
import { helperOf } from './factory.ts'
import type { Mirror } from './index-mirror.ts'

/** A program that a build runs and that is part of no image. */
export interface WheelProgram {
  distribution: string
  version: string
  /** sha256 of its wheels, one a platform. */
  hashes: readonly string[]
  /** Below the folder that the wheel is installed to. */
  path: string
}

/** For which platform, by which index, and in what container wheels are taken. */
export interface WheelPlace {
  platform: string
  mirror: Mirror
  /** Undefined where the lock pins no helpers. */
  factory: FactoryLock | undefined
}

/** The program out of its wheel, which pip takes only when its hash is one of these. */
export async function wheelProgram(
  client: Client,
  { distribution, version, hashes, path }: WheelProgram,
  { platform, mirror, factory }: WheelPlace,
): Promise<File> {
  const wanted = [`${distribution}==${version}`, ...hashes.map((hash) => `--hash=sha256:${hash}`)]
  const pip = await helperOf(client, 'installer', platform, helperLock(factory, 'installer'))
  return mirror(pip.withNewFile('/wanted.txt', `${wanted.join(' ')}\n`))
    .withExec([
      'sh',
      '-ceu',
      `python3 -m pip install -q --no-deps --require-hashes --only-binary :all: --target /wheel -r /wanted.txt; chmod +x /wheel/${path}`,
    ])
    .file(`/wheel/${path}`)
}
