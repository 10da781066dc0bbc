import { expect, test } from 'vitest'
import { formatProblem, parseRecipe } from '../../recipes/parse.ts'

const start = `name: sample
model: { name: acme/sample }
engine: { id: llama-cpp }
weights:
  source: { type: folder, path: models }
`

function problems(text: string): string[] {
  const parsed = parseRecipe(`${start}${text}`, 'r.yaml')
  return parsed.ok ? [] : parsed.problems.map((one) => formatProblem(one).split('\n')[0] ?? '')
}

test('limits, exceptions and places of code are read as they are written', () => {
  const parsed = parseRecipe(
    `${start}vulnerabilities:
  limit: high
  databaseDays: 10
  exceptions:
    - { id: CVE-2026-1234, until: 2027-01-31, reason: no fix yet }
    - { id: GHSA-aaaa-bbbb-cccc, package: idna, until: 2028-02-29, reason: not reachable }
  code:
    - { id: CVE-2026-1, package: torch, modules: [torch.distributed.rpc], source: the advisory }
`,
    'r.yaml',
  )
  expect(parsed).toMatchObject({ ok: true, recipe: { vulnerabilities: { limit: 'high', databaseDays: 10 } } })
})

test('a recipe without them has no such member, so that nothing of it changes', () => {
  const parsed = parseRecipe(start, 'r.yaml')
  expect(parsed.ok && 'vulnerabilities' in parsed.recipe).toBe(false)
  expect(parsed.ok && 'packageList' in parsed.recipe.image).toBe(false)
})

test.each([
  ['limit: severe', 'r.yaml:7:10: vulnerabilities.limit'],
  ['databaseDays: 0', 'r.yaml:7:17: vulnerabilities.databaseDays'],
  ['exceptions: [{ id: CVE-2026-1, reason: none }]', 'r.yaml:7:16: vulnerabilities.exceptions.0'],
  ['exceptions: [{ id: CVE-2026-1, until: 2027-02-30, reason: a }]', 'vulnerabilities.exceptions.0.until'],
  ['exceptions: [{ id: CVE-2026-1, until: tomorrow, reason: a }]', 'until: '],
  ['exceptions: [{ id: CVE-2026-1, until: 2027-01-31, reason: "" }]', 'vulnerabilities.exceptions.0.reason'],
  ['exceptions: [{ id: openssl, until: 2027-01-31, reason: a }]', 'vulnerabilities.exceptions.0.id'],
  ['exceptions: [{ id: CVE-2026-1, untill: 2027-01-31, reason: a }]', 'vulnerabilities.exceptions.0.untill'],
  ['code: [{ id: CVE-2026-1, package: tar, source: a }]', 'vulnerabilities.code.0.files'],
  ['code: [{ id: CVE-2026-1, package: tar, files: [bin/tar], source: a }]', 'vulnerabilities.code.0.files.0'],
  ['code: [{ id: CVE-2026-1, package: tar, files: [/bin/tar] }]', 'vulnerabilities.code.0.source'],
])('%s is a problem at its place', (line, place) => {
  const found = problems(`vulnerabilities:\n  ${line}\n`).join('\n')
  expect(found).toContain(place)
  expect(found).toMatch(/^r\.yaml:7:\d+: /)
})
