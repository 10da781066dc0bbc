import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Cost,
  type FolderName,
  folders,
  isWithin,
  type ProgramName,
  type ProgramSource,
  type PythonName,
  programs,
  pythons,
} from './catalogue.ts'
import type { Installation } from './command.ts'
import { folderPlace, pythonFolder, wholeMark } from './find.ts'
import { makeFolder } from './folders.ts'
import { type GoBuild, goBuilds, installFromGo } from './go.ts'
import { makePython } from './python.ts'
import { installFromApt, isInstalled, takeFromPackage } from './system.ts'

/** One step of an installation: what it makes, in words, and how. */
export interface Step {
  readonly what: string
  readonly run: (given: Installation) => Promise<void>
}

/** The steps in two rows that run beside each other: what waits for the network, and what waits for the processor. */
export interface Steps {
  readonly fetched: readonly Step[]
  readonly built: readonly Step[]
}

/** What tests up to this cost use and this machine lacks. */
export function missingSteps(cost: Cost): Steps {
  const wanted = namesOf(programs).filter((name) => isWithin(programs[name].from, cost) && !isInstalled(name))
  const environments = namesOf(pythons)
    .filter((name) => isWithin(pythons[name].from, cost) && !isWhole(pythonFolder(name)))
    .map(pythonStep)
  const data = namesOf(folders).filter(
    (name) => isWithin(folders[name].from, cost) && !isWhole(folderPlace(name)),
  )
  const ofGo = data.filter((name) => folders[name].source.type === 'go-module')
  return {
    fetched: [
      ...aptSteps(wanted),
      ...wanted.flatMap(packageSteps),
      ...environments,
      ...data.filter((name) => !ofGo.includes(name)).map(folderStep),
    ],
    built: [...goBuilds(wanted).map(goStep), ...ofGo.map(folderStep)],
  }
}

// The keys of an object literal are all its keys.
function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[]
}

function isWhole(folder: string): boolean {
  return existsSync(join(folder, wholeMark))
}

function aptSteps(names: readonly ProgramName[]): Step[] {
  const packages = names.flatMap((name) => {
    const source: ProgramSource = programs[name].source
    return source.type === 'apt' ? [source.package] : []
  })
  if (packages.length === 0) return []
  return [
    { what: `Debian's ${packages.join(', ')}`, run: (given) => installFromApt(packages.toSorted(), given) },
  ]
}

function packageSteps(name: ProgramName): Step[] {
  const source: ProgramSource = programs[name].source
  if (source.type !== 'deb' && source.type !== 'suite') return []
  const what = `${name} out of Debian's ${source.package}`
  return [{ what, run: (given) => takeFromPackage(name, source, given) }]
}

function pythonStep(name: PythonName): Step {
  return { what: `the Python environment ${name}`, run: (given) => makePython(name, given) }
}

function folderStep(name: FolderName): Step {
  return { what: `the folder ${name}`, run: (given) => makeFolder(name, given) }
}

function goStep(build: GoBuild): Step {
  return {
    what: `${build.names.join(', ')} ${build.version}, from Go source`,
    run: (given) => installFromGo(build, given),
  }
}
