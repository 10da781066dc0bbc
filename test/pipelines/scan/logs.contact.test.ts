import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { knownSecrets } from '../../../lib/known-secrets.ts'
import { secretsInFiles } from '../../../pipelines/scan/logs.ts'
import { scratchFolder } from '../../scratch.ts'

const value = 'a-secret-of-this-run-0123456789'

test('a log that another process removes while the folder is searched is passed over, the others are not', async () => {
  const folder = await scratchFolder()
  const names = ['1.log', '2.log', '3.log'].map((name) => join(folder, name))
  for (const name of names) await writeFile(name, `it says ${value}\n`)
  // The secrets are asked for before each file, so after the folder was listed.
  const [known] = knownSecrets({ TOKEN: value })
  const secret = {
    origin: 'TOKEN',
    get forms() {
      rmSync(names[1] ?? '', { force: true })
      return known?.forms ?? []
    },
  }
  const found = await secretsInFiles(folder, [secret])
  expect(found.map(({ where }) => where).sort()).toEqual([names[0], names[2]])
  expect(await secretsInFiles(join(folder, 'none'), [secret])).toEqual([])
})
