import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '1.37.0'

/**
 * kubeconform's place of the schemas of Kubernetes, which the Python package kubernetes-validate carries; kubeconform's own
 * are fetched from GitHub, where a test has no business.
 */
export async function kubernetesSchemas(): Promise<string> {
  const cache = process.env['INGOT_TOOLS_DIR'] || join(homedir(), '.cache/ingot-tools')
  const folder = join(cache, `kubernetes-validate-${version}`)
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true })
    const part = await mkdtemp(join(cache, 'kubernetes-validate-building-'))
    await run('python3', [
      '-m',
      'pip',
      'install',
      '-q',
      '--no-deps',
      '--target',
      part,
      `kubernetes-validate==${version}`,
    ])
    await localSchemas(part)
    await rename(part, folder).catch(() => {})
  }
  return `${folder}/kubeconform/{{ .ResourceKind }}{{ .KindSuffix }}.json`
}

/** The package's schemas name each other by addresses at kubernetes.io; here by file, as kubeconform opens them. */
async function localSchemas(folder: string): Promise<void> {
  const source = join(folder, 'kubernetes_validate/kubernetes-json-schema', `v${version}-local-strict`)
  const target = join(folder, 'kubeconform')
  await mkdir(target)
  for (const name of (await readdir(source)).filter((item) => item !== 'all.json')) {
    const text = await readFile(join(source, name), 'utf8')
    const { $id: _, ...schema } = JSON.parse(text.replaceAll('"/api/_definitions.json', '"_definitions.json'))
    await writeFile(join(target, name), JSON.stringify(schema))
  }
}
