import type { Directory } from '@dagger.io/dagger'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { markRemoved, statusPath } from '../../images/tree/dpkg-status.ts'
import { isGone, type PackageChanges } from '../../images/tree/packages.ts'

/** The tree whose list of Debian packages says what slimming removed, where the plan asks for that. */
export async function toldTree(
  tree: Directory,
  { packages }: PackageChanges,
  { slimming }: Pick<ImagePlan, 'slimming'>,
): Promise<Directory> {
  const gone = new Set(packages.filter((one) => one.type === 'deb' && isGone(one)).map(({ name }) => name))
  if (slimming.packageList !== 'told' || gone.size === 0) return tree
  const text = await tree.file(statusPath).contents()
  return tree.withNewFile(
    statusPath,
    markRemoved(text, (name) => gone.has(name)),
    { permissions: 0o644 },
  )
}
