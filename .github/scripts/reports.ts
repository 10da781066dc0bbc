import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// node reports.ts outputs|summary FOLDER [REPOSITORY]: what `ingot build --report FOLDER` left there, as outputs of a step or as
// Markdown for a run's summary. With a REPOSITORY images are named as publish-all.sh publishes them.

interface Built {
  name: string
  image: string
  verdict: string
  engine: { id: string; version: string }
  sizes: { storedBytes: number }
}

/** GitHub takes 1 MiB of a step's summary, and nothing of a longer one. */
const mostSummaryBytes = 1_000_000

const [what = '', folder = '', to = ''] = process.argv.slice(2)
const names = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, 'report.json')))
  .sort()
// Our own program's output.
const built = names.map(
  (name) => JSON.parse(readFileSync(join(folder, name, 'report.json'), 'utf8')) as Built,
)
const several = built.length > 1

/** `name@digest`, or the place that it is published to: a repository of its own name where there are several. */
function referenceOf({ name, image }: Built): string {
  if (to === '') return `${name}@${image}`
  return `${to.toLowerCase()}${several ? `/${name}` : ''}@${image}`
}

const worst = ['failed', 'not booted', 'stand-in boot', 'unverified', 'verified']

function outputs(): string {
  const verdicts = built.map(({ verdict }) => verdict)
  const list = built.map((one) => ({
    name: one.name,
    digest: one.image,
    verdict: one.verdict,
    image: referenceOf(one),
  }))
  const [only] = several ? [] : list
  return [
    `digest=${only?.digest ?? ''}`,
    `image=${only?.image ?? ''}`,
    `verdict=${worst.find((verdict) => verdicts.includes(verdict)) ?? 'failed'}`,
    `images=${JSON.stringify(list)}`,
    `report=${folder}`,
    '',
  ].join('\n')
}

function summary(): string {
  const rows = built.map(
    ({ name, verdict, engine, image, sizes }) =>
      `| ${name} | ${verdict} | ${engine.id} ${engine.version} | ${(sizes.storedBytes / 1e6).toFixed(1)} MB | \`${image}\` |`,
  )
  const head = [
    '| image | verdict | engine | stored | digest |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ]
  let text = head.join('\n')
  for (const name of names) {
    const report = readFileSync(join(folder, name, 'report.md'), 'utf8')
    const block = several ? `\n<details><summary>${name}</summary>\n\n${report}\n</details>\n` : `\n${report}`
    if (Buffer.byteLength(text) + Buffer.byteLength(block) > mostSummaryBytes) {
      text += '\nFurther reports are in the folder of reports.\n'
      break
    }
    text += block
  }
  return built.length === 0 ? '' : text
}

process.stdout.write(what === 'summary' ? summary() : outputs())
