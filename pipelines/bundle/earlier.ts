import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleNames, parseSums } from '../../images/oci/bundle.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { BundleError } from './error.ts'

/** What a site has already. */
export interface EarlierBundle {
  /** sha256 of its sums: its identity. */
  base: string
  paths: ReadonlySet<string>
}

/** Reads an earlier bundle's sums: its folder, or the sums file alone, which is all that has to be kept of it. */
export async function readEarlier(path: string): Promise<EarlierBundle> {
  const text = await readSums(path)
  const sums = text === undefined ? undefined : parseSums(text)
  if (text === undefined || sums === undefined || sums.size === 0)
    throw new BundleError('bad-earlier', {
      attempted: `read the earlier bundle ${path}`,
      found:
        text === undefined ? `it has no ${bundleNames.sums}` : 'its sums are not a list of sha256 and paths',
      hint: `name the folder of an earlier bundle, or the ${bundleNames.sums} of it (${bundleNames.wholeSums} of one in parts)`,
    })
  return { base: hexOf(digestOf(text)), paths: new Set(sums.values()) }
}

async function readSums(path: string): Promise<string | undefined> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  const places = isFolder ? [join(path, bundleNames.wholeSums), join(path, bundleNames.sums)] : [path]
  for (const place of places) {
    const read = await readRegularFile(place)
    if (read.ok) return read.text
  }
  return undefined
}
