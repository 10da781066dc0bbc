import { mkdtemp, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { StoredLayer } from '../../images/oci/oci.ts'
import {
  copyrightFile,
  type ModelcarPlan,
  modelcarLayers,
  modelcarPrograms,
} from '../../images/plan/modelcar.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { Progress } from '../process/progress.ts'
import type { Client } from '../process/session.ts'
import { installDebian } from '../software/debian.ts'
import { type RecordKind, recall, remember, touchRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { packerOf, packLayers } from './packing.ts'
import { areIntact, storedLayersSchema } from './stored-layers.ts'

export interface ModelcarContext {
  store: Store
  progress: Progress
  engine(): Promise<Client>
}

const recordKind: RecordKind<StoredLayer[]> = { name: 'modelcar', schema: storedLayersSchema }

/** The layers that a modelcar has above its weights; undefined when the plan has none. Made once for equal inputs. */
export async function buildModelcar(
  { buildVersion, platform, packer: locked, compression, weights: { modelcar } }: ImagePlan,
  context: ModelcarContext,
): Promise<StoredLayer[] | undefined> {
  if (modelcar === undefined) return undefined
  const { store, progress } = context
  // Plain data; interfaces without an index signature need the cast.
  const inputs = { buildVersion, platform, packer: locked, compression, modelcar } as unknown as Json
  const key = hexOf(digestOf(canonicalJson(inputs)))
  const known = await knownLayers(store, key)
  if (known) return known
  progress.step('pack the programs of the modelcar')
  const scratch = await mkdtemp(join(store.temporary, 'modelcar-'))
  try {
    const client = await context.engine()
    const tree = await modelcarTree(client, modelcar, platform)
    const packer = await packerOf(client, platform, locked)
    const layers = await packLayers({ packer, compression, tree }, modelcarLayers(modelcar), store, scratch)
    await remember(store, recordKind, key, layers)
    return layers
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function knownLayers(store: Store, key: string): Promise<StoredLayer[] | undefined> {
  const known = await recall(store, recordKind, key)
  if (known === undefined || !(await areIntact(store, known))) return undefined
  await touchRecord(store, recordKind.name, key)
  return known
}

async function modelcarTree(client: Client, modelcar: ModelcarPlan, platform: string) {
  const installed = await installDebian(client, modelcar.locked, platform)
  return installed
    .withNewFile('/tmp/ingot/links', modelcar.links.map((name) => `${name}\n`).join(''))
    .withExec(['sh', '-ceu', treeScript, 'modelcar', posix.basename(modelcar.modelFolder)])
    .directory('/modelcar')
}

/** Names of weight files have no line break: the lock refuses them. */
const treeScript = `
umask 022
mkdir -p /modelcar/bin /modelcar/models /modelcar${posix.dirname(copyrightFile)}
cp /bin/busybox /modelcar/bin/busybox
cp ${copyrightFile} /modelcar${copyrightFile}
chmod 0755 /modelcar/bin/busybox
chmod 0644 /modelcar${copyrightFile}
for program in ${modelcarPrograms.join(' ')}; do ln -s busybox "/modelcar/bin/$program"; done
while IFS= read -r name; do ln -s "$1/$name" "/modelcar/models/$name"; done < /tmp/ingot/links
`
