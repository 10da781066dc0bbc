import type { HeldLock } from './lock.ts'

/** An OCI image layout in a folder. Only `openStore` and `openStoreToRead` make one. */
export interface Store {
  readonly root: string
  /** Folder of the files this process is writing, on the same file system as the blobs. */
  readonly temporary: string
  /** Held while this process uses the store; tells others that its temporary files are alive. */
  readonly presence: HeldLock
}
