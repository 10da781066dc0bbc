import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reportHtml } from '../../images/report/html.ts'
import { reportJunit } from '../../images/report/junit.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { type Report, reportJson } from '../../images/report/report.ts'
import { prettyJson } from '../../lib/json.ts'
import { makeFolder } from '../files/make-folder.ts'

/** The report in every form, for people, browsers, programs and CI. */
export async function writeReports(folder: string, report: Report): Promise<void> {
  await makeFolder(folder)
  const files: Record<string, string> = {
    'report.json': prettyJson(reportJson(report)),
    'report.md': reportMarkdown(report),
    'report.xml': reportJunit(report),
    'report.html': reportHtml(report),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}
