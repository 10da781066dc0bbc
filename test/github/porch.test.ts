import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { digestOf } from '../../lib/digest.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const { version, license, files } = JSON.parse(read('package.json'))

test("the licence is Apache's text to the byte, and is packed", () => {
  expect(digestOf(read('LICENSE'))).toBe(
    'sha256:cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30',
  )
  expect(license).toBe('Apache-2.0')
  expect(files).toContain('LICENSE')
})

test('one version everywhere', () => {
  const lock = JSON.parse(read('package-lock.json'))
  expect([lock.version, lock.packages[''].version]).toEqual([version, version])
  expect(/^## (\d\S+)$/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version)
  for (const name of ['README.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)]) {
    if (!name.endsWith('.md')) continue
    for (const [, named] of read(name).matchAll(/\bingot-(\d+\.\d+\.\d+)\.tgz/g))
      expect(named, name).toBe(version)
  }
})

test('code owners are a placeholder that says so: no name that GitHub does not know', () => {
  const lines = read('.github/CODEOWNERS').split('\n')
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
})

const forms = readdirSync(join(root, '.github/ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml')

interface Field {
  type: string
  id?: string
  attributes: { label?: string; value?: string }
}

test.each(forms)('%s: a form as GitHub takes it', (name) => {
  const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`))
  expect(form.name).toMatch(/\S/)
  expect(form.description).toMatch(/\S/)
  const fields: Field[] = form.body
  for (const { type, id, attributes } of fields) {
    expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type)
    if (type === 'markdown') expect(attributes.value).toMatch(/\S/)
    else
      expect([id, attributes.label]).toEqual([expect.stringMatching(/^[\w-]+$/), expect.stringMatching(/\S/)])
  }
  const ids = fields.flatMap(({ id }) => id ?? [])
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThan(0)
})

test('a weakness is never asked for in public', () => {
  expect(parse(read('.github/ISSUE_TEMPLATE/config.yml')).blank_issues_enabled).toBe(false)
  expect(read('.github/ISSUE_TEMPLATE/fault.yml')).toContain('SECURITY.md')
  expect(existsSync(join(root, 'SECURITY.md'))).toBe(true)
})
