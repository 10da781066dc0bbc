import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { tables } from '../pipelines/commands/tables/all.ts'
import { compositionSchema } from '../recipes/matrix.ts'
import { recipeSchema } from '../recipes/recipe.ts'
import { commandsPage, withCommandList } from './commands-page.ts'
import { withChoosingTable } from './engines-page.ts'
import { environmentPage } from './environment-page.ts'
import { gpusPage } from './gpus-page.ts'
import { type Node, recipePage } from './recipe-page.ts'

const root = join(import.meta.dirname, '..')
const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => '')

/** Files, or parts of them, that are made from what the program itself reads. */
async function generated(): Promise<Record<string, string>> {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input' })
  const composition = z.toJSONSchema(compositionSchema, { io: 'input' })
  return {
    'docs/recipe.schema.json': `${JSON.stringify(fileSchema(schema as JsonSchema, composition as JsonSchema), null, 2)}\n`,
    // JSON Schema is a wide type; the recipe uses only the members of Node.
    'docs/recipe.md': recipePage(schema as Node, composition as Node),
    'docs/commands.md': commandsPage(tables),
    'docs/environment.md': environmentPage(),
    'docs/gpus.md': gpusPage(),
    'docs/engines.md': withChoosingTable(await read('docs/engines.md')),
    'README.md': withCommandList(await read('README.md'), tables),
  }
}

/** The members of a JSON Schema that are read here; the rest goes through as it is. */
interface JsonSchema {
  properties?: object
  required?: string[]
}

/** A file has the keys of a recipe and those that put it together; one that extends another needs none of them. */
function fileSchema({ required = [], ...schema }: JsonSchema, { properties }: JsonSchema): object {
  return {
    ...schema,
    properties: { ...schema.properties, ...properties },
    anyOf: [{ required }, { required: ['extends'] }],
    title: 'ingot recipe',
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
