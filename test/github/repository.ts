import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

/** Makes the folder a repository of git with these recipes and nothing else, as another project's would be; gives its git. */
export async function recipesRepository(folder: string, recipes: readonly string[]) {
  await mkdir(join(folder, 'recipes'), { recursive: true })
  // A recipe may name a folder beside it.
  for (const recipe of recipes)
    await cp(recipe, join(folder, 'recipes', basename(recipe)), { recursive: true })
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], {
      cwd: folder,
    })
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-q', '-m', 'recipes')
  return git
}
