import type { Descriptor } from '../../images/oci/oci.ts'
import { isTransient } from '../network/error.ts'
import { startPatience } from '../network/retry.ts'
import { requireHere } from '../store/foreign.ts'
import { isUploadLost } from './error.ts'
import type { RegistrySession } from './session.ts'
import { beginUpload, hasBlob, newUpload, resumed, type Upload } from './upload.ts'
import { sendRest, type UploadOptions } from './upload-parts.ts'

export type BlobOutcome = 'present' | 'mounted' | 'uploaded'

/** Makes sure that the repository has the blob. Throws `rejected`, `network`, `unauthorized`, `denied`, or the store's errors. */
export async function ensureBlob(
  session: RegistrySession,
  blob: Descriptor,
  options: UploadOptions,
): Promise<BlobOutcome> {
  if (await hasBlob(session, blob.digest)) return 'present'
  for (const from of options.mountFrom) {
    const mounted = await beginUpload(session, { mount: blob.digest, from })
    if (mounted === 'created') return 'mounted'
    // An upload that is not used is forgotten by the registry; trying the next source costs one request.
  }
  await requireHere(options.store, blob.digest)
  await sendUntilDone(session, blob, options)
  return 'uploaded'
}

/** Sends, and after every failure asks what arrived and goes on from there, or begins anew where the registry forgot it. */
async function sendUntilDone(
  session: RegistrySession,
  blob: Descriptor,
  options: UploadOptions,
): Promise<void> {
  let upload: Upload | undefined
  let isVerified = false
  const patience = startPatience(session.retry, session.signal)
  for (;;) {
    const before = upload?.offset ?? 0
    try {
      upload ??= await newUpload(session)
      return await sendRest(session, blob, upload, { ...options, isVerified })
    } catch (error) {
      if (!isTransient(error) && !isUploadLost(error)) throw error
      // A connection that is cut again and again still gets there as long as bytes arrive.
      if (upload !== undefined && upload.offset > before) patience.moved()
      await patience.pause(error)
      if (await hasBlob(session, blob.digest)) return
      // From now on our own disk is doubted as well: the bytes are hashed while they are read.
      isVerified ||= isUploadLost(error)
      upload = upload && !isUploadLost(error) ? await resumed(session, upload) : undefined
    }
  }
}
