// What each rule takes out of wheels, by their listings: node test/bench/rule-gain.ts [--engine vllm] [--target sm_90] WHEEL...
// Sizes are those of the published files; GPU code and symbols that leave libraries besides are not counted.
import { execFileSync } from 'node:child_process'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { findEngine } from '../../images/engines/engines.ts'
import { parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { rulesFor } from '../../images/slim-rules/rule.ts'
import { ruleMatcher } from '../../images/slim-rules/slimming.ts'
import { riskClasses } from '../../recipes/recipe.ts'

const { values, positionals } = parseArgs({
  options: { engine: { type: 'string', default: 'vllm' }, target: { type: 'string', default: 'sm_90' } },
  allowPositionals: true,
})

const distributions = Object.fromEntries(
  positionals.map((wheel) => {
    const [name = '', version = ''] = basename(wheel).split('-')
    return [name.toLowerCase().replaceAll('_', '-'), version]
  }),
)
// A wrong name finds no rules.
const rules = rulesFor(
  findEngine(values.engine)?.wheels.rules ?? [],
  { distributions, targets: [parseArchitecture(values.target)] },
  riskClasses,
).map((rule) => ({ ...rule, matches: ruleMatcher(rule), files: 0, sizeBytes: 0 }))

const list = `import json, sys, zipfile
print(json.dumps([[i.filename, i.file_size] for w in sys.argv[1:] for i in zipfile.ZipFile(w).infolist() if not i.is_dir()]))`
// The script above has written it.
const files = JSON.parse(
  execFileSync('python3', ['-c', list, ...positionals], { encoding: 'utf8', maxBuffer: 1 << 28 }),
) as [string, number][]

for (const [name, sizeBytes] of files) {
  const rule = rules.find(({ matches }) => matches(installedPath(name)))
  if (rule === undefined) continue
  rule.files += 1
  rule.sizeBytes += sizeBytes
}
for (const { id, risk, files: count, sizeBytes } of rules.filter((rule) => rule.files > 0))
  console.log(`${(sizeBytes / 1e6).toFixed(1).padStart(8)} MB  ${risk.padEnd(7)}  ${id} (${count} files)`)

/** Where pip puts a member of a wheel (PEP 427): packages, and what `.data` has for other places. */
function installedPath(name: string): string {
  const beside = /^[^/]+\.data\/(data|scripts|purelib|platlib)\/(.*)$/.exec(name)
  if (beside?.[1] === 'data') return `/opt/env/${beside[2]}`
  if (beside?.[1] === 'scripts') return `/opt/env/bin/${beside[2]}`
  return `/opt/env/lib/python3.11/site-packages/${beside?.[2] ?? name}`
}
