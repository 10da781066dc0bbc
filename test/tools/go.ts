import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProgramName, type ProgramSource, programs } from './catalogue.ts'
import { command, type Installation } from './command.ts'
import { programFolder } from './find.ts'

/** Programs of one module and version; one `go install` builds them all and loads their packages once. */
export interface GoBuild {
  readonly names: readonly ProgramName[]
  readonly packages: readonly string[]
  readonly version: string
}

/** What is to be built, programs of one module together. */
export function goBuilds(names: readonly ProgramName[]): GoBuild[] {
  const builds = new Map<string, GoBuild>()
  for (const name of names) {
    const source: ProgramSource = programs[name].source
    if (source.type !== 'go') continue
    const { package: path, version } = source
    const key = `${path.split('/cmd/')[0]}@${version}`
    const { names = [], packages = [] } = builds.get(key) ?? {}
    builds.set(key, { names: [...names, name], packages: [...packages, path], version })
  }
  return [...builds.values()]
}

/** Builds into a folder beside the final ones, so that a cut build leaves nothing under a final name. */
export async function installFromGo(build: GoBuild, given: Installation): Promise<void> {
  const work = await mkdtemp(join(given.folder, `${build.names[0]}-building-`))
  const variables = { GOBIN: work, GOFLAGS: '-trimpath', CGO_ENABLED: '0', GOWORK: 'off' }
  try {
    const packages = build.packages.map((path) => `${path}@${build.version}`)
    await command(given, 'go', ['install', ...packages], variables)
    for (const [index, name] of build.names.entries()) {
      const single = join(work, `${name}-alone`)
      await mkdir(single)
      await rename(join(work, binaryOf(build.packages[index] ?? '')), join(single, name))
      await rename(single, programFolder(name))
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** `go install` names a program by the last part of its path that is no major version. */
function binaryOf(path: string): string {
  const parts = path.split('/').filter((part) => !/^v\d+$/.test(part))
  return parts.at(-1) ?? ''
}
