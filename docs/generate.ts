import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { tables } from '../pipelines/commands/tables/all.ts'
import { recipeSchema } from '../recipes/recipe.ts'
import { commandsPage, withCommandList } from './commands-page.ts'
import { withChoosingTable } from './engines-page.ts'
import { environmentPage } from './environment-page.ts'
import { type Node, recipePage } from './recipe-page.ts'

const root = join(import.meta.dirname, '..')
const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => '')

/** Files, or parts of them, that are made from what the program itself reads. */
async function generated(): Promise<Record<string, string>> {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input' })
  return {
    'docs/recipe.schema.json': `${JSON.stringify({ ...schema, title: 'ingot recipe' }, null, 2)}\n`,
    // JSON Schema is a wide type; the recipe uses only the members of Node.
    'docs/recipe.md': recipePage(schema as Node),
    'docs/commands.md': commandsPage(tables),
    'docs/environment.md': environmentPage(),
    'docs/engines.md': withChoosingTable(await read('docs/engines.md')),
    'README.md': withCommandList(await read('README.md'), tables),
  }
}

const checking = process.argv.includes('--check')
for (const [name, text] of Object.entries(await generated())) {
  if (!checking) await writeFile(join(root, name), text)
  else if ((await read(name)) !== text) {
    process.stderr.write(`${name} is out of date: run \`npm run docs\`\n`)
    process.exitCode = 1
  }
}
