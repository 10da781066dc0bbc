import type { FactoryLock } from '../../recipes/lock.ts'
import type { Runner } from '../boot/runner.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import type { TaskQueue } from '../process/one-at-a-time.ts'
import type { Run } from '../process/run.ts'
import type { Client } from '../process/session.ts'
import type { Store } from '../store/store.ts'
import type { SourceSettings } from '../weights/source.ts'

export interface BuildContext extends Run {
  store: Store
  /** Opens the engine when something needs it; called at most once. */
  engine(): Promise<Client>
  recipeFolder: string
  /** What the plan was made from: kept with the image, which can then be published without its recipe at hand. */
  origin?: LockedRecipe | undefined
  settings: SourceSettings
  verify: boolean
  /** Helper containers as the lock pins them; undefined in locks of ingot 0.1. */
  factory: FactoryLock | undefined
  /** Boots of this call wait for each other: a server that shares the machine has no figures of its own. */
  boots: TaskQueue
  /** A time for the image that is made, RFC 3339; by default it has none, so that two builds are one digest. */
  createdAt?: string | undefined
  /** What boots the image; Dagger's harness unless told. */
  runner?: Runner
  /** Images in registries whose weight layers are used again, and whose other layers are where the plan is the same. */
  fromRegistry?: readonly string[]
}
