import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Container, Directory } from '@dagger.io/dagger'
import { z } from 'zod'
import type { StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { PackageChanges } from '../../images/tree/packages.ts'
import { planTree, type TreePlan } from '../../images/tree/tree.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { FactoryLock } from '../../recipes/lock.ts'
import {
  licencesSchema,
  missingLibrarySchema,
  packageChangesSchema,
  removalSchema,
} from '../catalogue/report-schema.ts'
import { StageError } from '../error.ts'
import type { Progress } from '../process/progress.ts'
import { installDebian } from '../software/debian.ts'
import { mirrorOf } from '../software/index-mirror.ts'
import { installPython, installWithWheels } from '../software/python.ts'
import { installUpstream } from '../software/upstream.ts'
import type { WheelPlace } from '../software/wheel-program.ts'
import { type RecordKind, recall, remember, touchRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import type { IndexSettings } from '../weights/python-index.ts'
import { packerOf, packLayers, packSettings, takeInventory, toldTree } from './packing.ts'
import { rewriteTree } from './slim-tree.ts'
import { areIntact, storedLayersSchema } from './stored-layers.ts'

/** The layers of an image without its weights, and what slimming did. */
export interface BuiltRuntime {
  layers: StoredLayer[]
  tree: Omit<TreePlan, 'layers' | 'changes'>
  /** Licences by Debian package, read before slimming; absent in records of earlier versions. */
  licences?: Record<string, string[]>
  /** What slimming took, by package; absent in records of earlier versions, and where the layers came from a registry. */
  changes?: PackageChanges
}

const recordKind: RecordKind<BuiltRuntime> = {
  name: 'runtime',
  schema: z.object({
    layers: storedLayersSchema,
    tree: z.object({
      removals: z.array(removalSchema),
      missing: z.array(missingLibrarySchema),
      stockBytes: z.number(),
      keptBytes: z.number(),
    }),
    licences: licencesSchema.exactOptional(),
    changes: packageChangesSchema.exactOptional(),
  }),
}

/** The runtime an equal plan gave before, if all its layers are still in the store. */
export async function knownRuntime(store: Store, plan: ImagePlan): Promise<BuiltRuntime | undefined> {
  const known = await recall(store, recordKind, runtimeKey(plan))
  if (known === undefined || !(await areIntact(store, known.layers))) return undefined
  await touchRecord(store, recordKind.name, runtimeKey(plan))
  return known
}

/** So that an equal plan finds it again. */
export function keepRuntime(store: Store, plan: ImagePlan, built: BuiltRuntime): Promise<void> {
  return remember(store, recordKind, runtimeKey(plan), built)
}

/** What an installation takes from outside of the plan; none of it decides a byte. */
export interface InstallContext {
  settings: IndexSettings
  /** Pins the container that takes programs out of wheels. */
  factory?: FactoryLock | undefined
}

/** Installs, lists, slims and packs the runtime in the engine; the layers end in the store. */
export async function buildRuntime(
  client: Client,
  store: Store,
  plan: ImagePlan,
  installation: InstallContext & { progress: Pick<Progress, 'step'> },
): Promise<BuiltRuntime> {
  const { progress } = installation
  const scratch = await mkdtemp(join(store.temporary, 'runtime-'))
  try {
    if (plan.packer === undefined) progress.step(unpinnedPacker)
    const packer = await packerOf(client, plan.platform, plan.packer)
    progress.step(`install ${plan.engine.id} ${plan.engine.version} on ${plan.runtime.locked.base.reference}`)
    const installed = await installedTree(client, plan, installation)
    progress.step('list the finished tree')
    const { rewriting } = plan.slimming
    const place = await wheelPlace(client, plan, installation)
    const { tree, files } = await rewriteTree(client, { packer, tree: installed }, rewriting, place)
    const inventory = await takeInventory(packer, tree, join(scratch, 'listing'))
    const { layers, changes, ...rest } = planTree(inventory, plan, files)
    progress.step(`pack ${layers.length} layers`)
    const packing = { packer, compression: plan.compression }
    const told = await toldTree(tree, changes, plan)
    const packed = await packLayers({ ...packing, tree: told }, layers, store, scratch)
    const settings = await packSettings(packing, plan.settings, store, join(scratch, 'settings'))
    const built = {
      layers: [...packed, settings],
      tree: rest,
      licences: inventory.licences ?? {},
      changes,
    }
    await keepRuntime(store, plan, built)
    return built
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The tree before anything is removed from it; the engine's cache has it when it was built lately. */
export async function installedTree(
  client: Client,
  plan: ImagePlan,
  installation: InstallContext,
): Promise<Directory> {
  return (await install(client, plan, installation)).rootfs()
}

/** Other versions of tar and zstd write other bytes, so two builds of such a lock are equal only while the archive is. */
const unpinnedPacker =
  'the lock does not pin what packs the layers: taking what the archive has now; `ingot lock RECIPE` pins it'

async function wheelPlace(
  client: Client,
  { platform }: ImagePlan,
  { settings, factory }: InstallContext,
): Promise<WheelPlace> {
  return { platform, mirror: await mirrorOf(client, settings), factory }
}

async function install(client: Client, plan: ImagePlan, installation: InstallContext): Promise<Container> {
  const { source, locked } = plan.runtime
  if (locked.type === 'debian' && source.type === 'debian') {
    if (locked.environment === undefined) return installDebian(client, locked, plan.platform)
    return installWithWheels(client, source, locked, await wheelPlace(client, plan, installation))
  }
  if (locked.type === 'python' && source.type === 'python')
    return installPython(client, source, locked, await wheelPlace(client, plan, installation))
  if (locked.type === 'upstream' && source.type === 'upstream')
    return installUpstream(client, source, locked, plan.platform)
  throw new StageError('drifted', {
    attempted: `install ${plan.engine.id}`,
    found: `the recipe asks for a runtime of type ${source.type}, its lock has ${locked.type}`,
    hint: 'run `ingot lock RECIPE` again',
  })
}

/** What the runtime layers depend on: nothing of the weights, the command line or the checks. */
function runtimeKey({
  buildVersion,
  platform,
  runtime,
  packer,
  compression,
  slimming,
  enginePaths,
  settings,
  engine,
}: ImagePlan): string {
  return hexOf(
    digestOf(
      canonicalJson(
        asJson({
          buildVersion,
          platform,
          runtime,
          packer,
          compression,
          slimming,
          enginePaths,
          settings,
          engine,
        }),
      ),
    ),
  )
}

function asJson(value: object): Json {
  // Plain data; interfaces without an index signature need the cast.
  return value as unknown as Json
}
