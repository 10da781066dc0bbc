import { execFile } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

/** Makes the folder a repository of git with these recipes and nothing else, as another project's would be; gives its git. */
export async function recipesRepository(folder: string, recipes: readonly string[]) {
  await mkdir(join(folder, 'recipes'), { recursive: true })
  for (const recipe of recipes) await copyFile(recipe, join(folder, 'recipes', basename(recipe)))
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], {
      cwd: folder,
    })
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-q', '-m', 'recipes')
  return git
}
