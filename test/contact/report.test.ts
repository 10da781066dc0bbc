import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attributionChecks } from '../../images/attribution/checks.ts'
import { reportHtml } from '../../images/report/html.ts'
import { reportJunit } from '../../images/report/junit.ts'
import { loadHtml } from '../../images/report/load-html.ts'
import { loadJunit } from '../../images/report/load-junit.ts'
import { loadReportOf } from '../images/load/sample.ts'
import { attribution, nastyReport, report } from '../images/report-sample.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolFolder, toolPath } from '../tools/find.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-report-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

interface Look {
  title: string
  overflow: number
  plots: number[]
  bars: number
  rows: number
  alerts: number
  shown: string
  background: string
  clipped: string[]
  faint: [string, number][]
}

interface Looked {
  looks: Record<'light' | 'dark' | 'narrow', Look>
  urls: string[]
  console: string[]
  pdfBytes: number
}

async function lookAt(name: string, html: string): Promise<Looked> {
  toolPath('chromium')
  toolPath('chromedriver')
  const python = pythonPath('browser')
  const file = join(folder, `${name}.html`)
  await writeFile(file, html)
  // report_page.py prints this shape.
  return (await pythonJson(python, [join(import.meta.dirname, 'report_page.py'), file, folder])) as Looked
}

test.each([
  ['good', report(), 5],
  ['nasty', nastyReport(), 4],
  ['not booted', report({ boots: [], verdict: 'not booted' }), 3],
  ['shadowed', report({ attribution: attribution(true), checks: attributionChecks(attribution(true)) }), 5],
])('the page of a %s report is whole, readable and quiet in a real browser', async (name, given, plots) => {
  const { looks, urls, console, pdfBytes } = await lookAt(name, reportHtml(given))
  for (const look of Object.values(looks)) {
    expect(look.title).toBe(`${given.name}: ${given.verdict}`)
    expect(look.plots).toHaveLength(plots)
    expect(Math.min(...look.plots)).toBeGreaterThan(30)
    expect(look).toMatchObject({ overflow: 0, alerts: 0, clipped: [], faint: [] })
    expect(look.shown).toContain(given.image)
  }
  expect(looks.dark.background).not.toBe(looks.light.background)
  expect(urls.filter((url) => !/^(chrome|data):/.test(url))).toEqual([
    `file://${join(folder, `${name}.html`)}`.replaceAll(' ', '%20'),
  ])
  expect(console).toEqual([])
  expect(pdfBytes).toBeGreaterThan(10_000)
  expect((await stat(join(folder, 'dark.png'))).size).toBeGreaterThan(10_000)
})

test('the page of a load is as whole, with its curves', async () => {
  const given = loadReportOf()
  const { looks, console } = await lookAt('load', loadHtml(given))
  for (const look of Object.values(looks)) {
    expect(look.title).toBe('tiny on the bench: failed')
    expect(look.plots).toHaveLength(3)
    expect(look).toMatchObject({ overflow: 0, alerts: 0, clipped: [], faint: [] })
    expect(look.shown).toContain(given.image)
  }
  expect(console).toEqual([])
})

test('what a server said stands on the page as text', async () => {
  const { looks } = await lookAt('nasty', reportHtml(nastyReport()))
  expect(looks.light.shown).toContain('status 500 instead of 200: <script>alert(1)</script> & "quotes"')
})

test('two programs nobody here wrote read the JUnit files, and the schema of Jenkins accepts them', async () => {
  const python = pythonPath('junit')
  const files = { good: report(), nasty: nastyReport(), none: report({ boots: [] }) }
  for (const [name, given] of Object.entries(files))
    await writeFile(join(folder, `${name}.xml`), reportJunit(given))
  await writeFile(join(folder, 'load.xml'), loadJunit(loadReportOf()))
  const paths = [...Object.keys(files), 'load'].map((name) => join(folder, `${name}.xml`))
  const schema = join(toolFolder('pytest'), 'pytest-8.4.2/testing/example_scripts/junit-10.xsd')
  const found = await pythonJson(python, [join(import.meta.dirname, 'junit.py'), schema, ...paths])
  const image = ['the image itself', 1, 0, 0]
  const suite = 'hostile boot as 54321:0 in podman'
  expect(found).toEqual([
    {
      errors: [],
      suites: [image, [suite, 2, 0, 0], ['hostile boot as 54321:54321 in podman', 2, 0, 0]],
      cases: 5,
      failures: [],
      skipped: [],
    },
    {
      errors: [],
      suites: [image, [suite, 3, 1, 1]],
      cases: 4,
      failures: [expect.stringContaining('status 500 instead of 200: <script>alert(1)</script> & "quotes"')],
      skipped: ['as expected'],
    },
    { errors: [], suites: [image], cases: 1, failures: [], skipped: [] },
    {
      errors: [],
      suites: [['limits of the load', 5, 4, 0]],
      cases: 5,
      failures: [...Array(2).fill('50.0 tokens/s'), '33.3 tokens/s', '50.0 tokens/s'],
      skipped: [],
    },
  ])
})
