import { paddingBytes, tarHeader, trailerBytes } from '../../images/weights/tar-header.ts'
import type { BundleEntry } from './contents.ts'

/** The entries as one tar, in the order given: owner 0, fixed time, so that equal content is equal bytes. */
export async function* tarOf(entries: readonly BundleEntry[]): AsyncGenerator<Uint8Array> {
  for (const { path, sizeBytes, open } of entries) {
    yield tarHeader({ path, type: 'file', sizeBytes })
    yield* open()
    const padding = paddingBytes(sizeBytes)
    if (padding > 0) yield Buffer.alloc(padding)
  }
  yield Buffer.alloc(trailerBytes)
}
