import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { matchesPattern } from '../../recipes/glob.ts'
import { type LockedOwnFile, type LockedOwnFiles, ownLimits } from '../../recipes/own-layer.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { isSecretFile } from '../../recipes/secret-files.ts'

type WantedPlace = Recipe['image']['files'][number]
type ReadPlace = { files: LockedOwnFile[] } | { message: string; hint: string }

/** The files that a recipe adds, with their hashes as they are now, and what is wrong with them. */
export function readOwnFiles(
  { image: { files: wanted } }: Recipe,
  folder: string,
): { files: LockedOwnFiles; findings: Finding[] } {
  const read = wanted.map((one) => ({ one, read: readPlace(one, folder) }))
  const files = read.flatMap(({ one: { from, to }, read: found }) =>
    'files' in found ? [{ from, to, files: found.files }] : [],
  )
  const findings = read.flatMap(({ read: found }, index): Finding[] =>
    'files' in found
      ? []
      : [{ kind: 'problem', path: ['image', 'files', index, 'from'], part: 'value', ...found }],
  )
  return { files, findings: [...findings, ...(findings.length > 0 ? [] : tooMuch(files))] }
}

function tooMuch(files: LockedOwnFiles): Finding[] {
  const all = files.flatMap((one) => one.files)
  const sizeBytes = all.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (all.length <= ownLimits.files && sizeBytes <= ownLimits.sizeBytes) return []
  return [
    {
      kind: 'problem',
      path: ['image', 'files'],
      part: 'value',
      message: `${all.length} files of ${sizeBytes} bytes, and ${ownLimits.files} of ${ownLimits.sizeBytes} bytes are allowed`,
      hint: 'leave out what the server does not read (exclude); weights go into weights.source and parts',
    },
  ]
}

/** What tools leave beside code and no server reads. */
const leftovers =
  /(^|\/)(__pycache__|\.git|\.mypy_cache|\.ruff_cache|\.pytest_cache)(\/|$)|\.py[co]$|(^|\/)\.DS_Store$/

function readPlace({ from, exclude }: WantedPlace, folder: string): ReadPlace {
  const root = resolve(folder, from)
  try {
    const info = lstatSync(root)
    if (info.isFile()) return checked([factsOf(root, '')], from)
    if (!info.isDirectory())
      return { message: 'it is no file and no folder', hint: 'name what a link leads to' }
    const entries = listed(root, '').filter(
      ({ path }) => !leftovers.test(path) && !exclude.some((pattern) => matchesPattern(path, pattern)),
    )
    const odd = entries.find(({ entry }) => !entry.isFile())
    if (odd !== undefined)
      return {
        message: `${odd.path} is a link or no regular file`,
        hint: 'put the file itself there, or leave it out (exclude)',
      }
    if (entries.length > ownLimits.files)
      return {
        message: `it has more than ${ownLimits.files} files`,
        hint: 'leave out what the server does not read (exclude)',
      }
    return checked(
      entries.map(({ path }) => factsOf(join(root, path), path)),
      from,
    )
  } catch (error) {
    const message = errnoOf(error) === 'ENOENT' ? 'there is no such file or folder' : messageOf(error)
    return { message, hint: 'name a file or folder, relative to the recipe' }
  }
}

function checked(files: LockedOwnFile[], from: string): ReadPlace {
  const secret = files.find(({ path }) => isSecretFile(path === '' ? from : path))
  if (secret !== undefined)
    return {
      message: `${secret.path === '' ? from : secret.path} is a file in which programs keep secrets`,
      hint: 'an image shows its files to everybody: leave it out (exclude), and give it when the container is started',
    }
  if (files.length === 0)
    return { message: 'no file is left of it', hint: 'name another folder, or exclude less' }
  return { files }
}

function listed(root: string, below: string): { path: string; entry: Dirent }[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (leftovers.test(path)) return []
      return entry.isDirectory() ? listed(root, path) : [{ path, entry }]
    })
}

function factsOf(file: string, path: string): LockedOwnFile {
  const info = lstatSync(file)
  if (info.size > ownLimits.sizeBytes) throw new Error(`${path || file} has ${info.size} bytes`)
  const bytes = readFileSync(file)
  const isProgram = (info.mode & 0o100) !== 0
  return {
    path,
    sizeBytes: bytes.length,
    sha256: hexOf(digestOf(bytes)),
    ...(isProgram && { executable: true }),
  }
}
