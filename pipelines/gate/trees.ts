import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeComparison } from '../../images/gate/files.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { type FactoryLock, helperLock } from '../../recipes/lock.ts'
import type { Client, Directory } from '../process/session.ts'
import { helperOf } from '../software/factory.ts'

/** The files of the stock image and of the slimmed one. */
export interface Trees {
  stock: Directory
  slim: Directory
}

/** Compares two root file systems without running anything of either but its loader. */
export async function compareTrees(
  client: Client,
  trees: Trees,
  plan: ImagePlan,
  factory: FactoryLock | undefined,
): Promise<TreeComparison> {
  const script = await readFile(join(import.meta.dirname, 'trees.sh'), 'utf8')
  const comparer = await helperOf(client, 'comparer', plan.platform, helperLock(factory, 'comparer'))
  const compared = comparer
    .withMountedDirectory('/stock', trees.stock)
    .withMountedDirectory('/slim', trees.slim)
    .withNewFile('/trees.sh', script)
    .withExec(['sh', '/trees.sh', libraryPathOf(plan), plan.weights.modelFolder])
    .directory('/compared')
  const read = (name: string) => compared.file(name).contents()
  const [loading, changed, files] = await Promise.all([read('loading'), read('changed'), read('files')])
  return { loading, changed, files: Number(files) }
}

function libraryPathOf({ config }: ImagePlan): string {
  const name = 'LD_LIBRARY_PATH='
  return (config.Env ?? []).find((variable) => variable.startsWith(name))?.slice(name.length) ?? ''
}
