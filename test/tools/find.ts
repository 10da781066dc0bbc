import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { digestOf } from '../../lib/digest.ts'
import {
  type Cost,
  type FolderName,
  type FolderSource,
  folders,
  isWithin,
  type ProgramName,
  type ProgramSource,
  type PythonName,
  programs,
  pythons,
} from './catalogue.ts'

/** Path of a program. Nothing is installed here: what is missing is an error that names the command for it. */
export function toolPath(name: ProgramName): string {
  return found(name, programs[name].from, programPlace(name))
}

/** The interpreter of an environment of Python. */
export function pythonPath(name: PythonName): string {
  return found(`the Python environment ${name}`, pythons[name].from, whole(pythonFolder(name), 'bin/python'))
}

/** A folder with data of others. Tests read it and never write into it. */
export function toolFolder(name: FolderName): string {
  return found(`the folder ${name}`, folders[name].from, whole(folderPlace(name), '.'))
}

function found(what: string, from: Cost, path: string | undefined): string {
  // vitest.config.ts says which project runs. A machine that has everything would hide a tool that another one lacks.
  const running = costOf(process.env['INGOT_TEST_COST'])
  if (running !== undefined && !isWithin(from, running))
    throw new Error(`a test of ${running} uses ${what}, which test/tools/catalogue.ts has from ${from} on`)
  if (path !== undefined) return path
  throw new Error(`${what} is not installed; to do: npm run tools -- --for ${from}`)
}

function costOf(text: string | undefined): Cost | undefined {
  return text === 'contact' || text === 'e2e' || text === 'slow' || text === 'pure' ? text : undefined
}

/** Where installed tools are kept, for all checkouts of a user. */
export function toolsFolder(): string {
  const { INGOT_TOOLS_DIR, XDG_CACHE_HOME } = process.env
  return INGOT_TOOLS_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot-tools')
}

/** Where a program is; undefined when it is not there. */
export function programPlace(name: ProgramName): string | undefined {
  const source: ProgramSource = programs[name].source
  if (source.type === 'apt') return findInPath(name)
  const path = join(programFolder(name), name)
  return existsSync(path) ? path : undefined
}

/** The folder of a program that no package manager installs; its name says which version it is. */
export function programFolder(name: ProgramName): string {
  const source: ProgramSource = programs[name].source
  const versions = { go: 'version', suite: 'suite', deb: 'type', apt: 'type' } as const
  // The table names a key that the source of this type has.
  const version = (source as Record<string, unknown>)[versions[source.type]]
  return join(toolsFolder(), `${name}-${version}`)
}

export function requirementsFile(name: PythonName): string {
  return join(import.meta.dirname, 'python', `${name}.txt`)
}

/** Named after what is in it, so that a changed pin makes a new one. */
export function pythonFolder(name: PythonName): string {
  return keyed(`python-${name}`, readFileSync(requirementsFile(name), 'utf8'))
}

export function folderPlace(name: FolderName): string {
  const source: FolderSource = folders[name].source
  return keyed(name, JSON.stringify(source))
}

function keyed(name: string, content: string): string {
  return join(toolsFolder(), `${name}-${digestOf(content).slice(7, 19)}`)
}

/** Paths inside an environment are absolute, so it is made where it stays; a mark says that it is whole. */
export const wholeMark = '.whole'

function whole(folder: string, path: string): string | undefined {
  return existsSync(join(folder, wholeMark)) ? join(folder, path) : undefined
}

export function findInPath(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
