import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Container, Directory } from '@dagger.io/dagger'
import { mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { markRemoved, statusPath } from '../../images/tree/dpkg-status.ts'
import { type Inventory, parseInventory } from '../../images/tree/inventory.ts'
import type { TreeLayer } from '../../images/tree/layers.ts'
import { isGone, type PackageChanges } from '../../images/tree/packages.ts'
import type { SettingsFile } from '../../images/tree/settings.ts'
import { type Digest, parseDigest } from '../../lib/digest.ts'
import type { DebianLock } from '../../recipes/lock.ts'
import { makeFolder } from '../files/make-folder.ts'
import { helperOf } from '../software/factory.ts'
import type { Store } from '../store/store.ts'
import { adoptFile } from '../store/write.ts'

/**
 * Layers are written once and pulled often, so small ones get level 19. Above 40 MB it costs minutes and gains little: of
 * GPU code 0.5 % against level 9, of libraries 2 to 4 (docs/slimming.md). Threads do not change its output.
 */
function zstdOptions(sizeBytes: number): string {
  return sizeBytes > 40e6 ? '-9 -T0' : '-19 -T0'
}

/** The program that packs, which writes the same bytes for the same input: gzip leaves out name and time. */
function packCommand(compression: ImagePlan['compression'], sizeBytes: number): string {
  return compression === 'gzip'
    ? `gzip ${sizeBytes > 40e6 ? '-6' : '-9'} -n > /packed/layer`
    : `zstd ${zstdOptions(sizeBytes)} -q -o /packed/layer`
}

/** One waits for the disk while others compress; each takes up to 700 MB of memory at level 19. */
const layersAtOnce = 3

/**
 * The container that lists and packs a finished tree. It is no part of any image, but the versions of its tar and zstd decide
 * every layer's bytes: GNU tar 1.34 and zstd 1.5.4 in Debian 12.
 */
export function packerOf(client: Client, platform: string, lock: DebianLock | undefined): Promise<Container> {
  return helperOf(client, 'packer', platform, lock)
}

/** Lists the tree: names and sizes, what the loader reads, and which package owns what. */
export async function takeInventory(packer: Container, tree: Directory, scratch: string): Promise<Inventory> {
  const listed = packer.withMountedDirectory('/tree', tree).withExec(['sh', '-ceu', listScript])
  const folder = await exported(listed.directory('/listing'), scratch)
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const [files, elf, owners, basePackages, licences, status] = await Promise.all([
    read('tree'),
    read('elf'),
    read('owners'),
    read('base-packages'),
    read('licences'),
    read('status'),
  ])
  return parseInventory({ tree: files, elf, owners, basePackages, licences, status })
}

const listScript = `
mkdir /listing
cd /tree
find . -xdev -printf '%y\\t%m\\t%s\\t%i\\t%P\\t%l\\0' > /listing/tree
scanelf -R -y -B -F '%n\t%r\t%i\t%F' . > /listing/elf 2>/dev/null || true
grep -a -s -H '^License:' usr/share/doc/*/copyright > /listing/licences || true
cp var/lib/dpkg/status /listing/status 2>/dev/null || touch /listing/status
cp tmp/ingot/owners tmp/ingot/base-packages /listing/ 2>/dev/null || touch /listing/owners /listing/base-packages
`

/** The container that has the programs to pack, and how it packs; zstd where nothing is said. */
export interface LayerPacker {
  packer: Container
  compression?: ImagePlan['compression']
}

/** A tree with what packs it. */
export interface PackedTree extends LayerPacker {
  tree: Directory
}

/** Packs each layer's paths as a deterministic, compressed tar and brings it into the store. */
export async function packLayers(
  from: PackedTree,
  layers: readonly TreeLayer[],
  store: Store,
  scratch: string,
): Promise<StoredLayer[]> {
  const packed: StoredLayer[] = []
  const waiting = [...layers.entries()]
  async function packNext(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, layer] = next
      packed[index] = await packLayer(from, layer, store, join(scratch, layer.name))
    }
  }
  await Promise.all(Array.from({ length: layersAtOnce }, packNext))
  return packed
}

async function packLayer(
  { packer, tree, compression }: PackedTree,
  layer: TreeLayer,
  store: Store,
  scratch: string,
): Promise<StoredLayer> {
  const list = layer.paths.map((path) => `.${path}\0`).join('')
  const packed = packer
    .withMountedDirectory('/tree', tree)
    .withNewFile('/paths', list)
    .withExec(['bash', '-ceu', packScript('/tree', packCommand(compression, layer.sizeBytes))])
  return takeLayer(packed, { cause: layer.cause, compression }, store, scratch)
}

/** The files that are ours, as the last layer. */
export async function packSettings(
  { packer, compression }: LayerPacker,
  files: readonly SettingsFile[],
  store: Store,
  scratch: string,
): Promise<StoredLayer> {
  const filled = files.reduce(
    (container, file) =>
      file.type === 'file' ? container.withNewFile(`/settings${file.path}`, file.content) : container,
    packer,
  )
  const folders = files
    .filter((file) => file.type === 'folder')
    .map((file) => `mkdir -p '/settings${file.path}'`)
  const modes = files.map((file) => `chmod ${file.mode} '/settings${file.path}'`)
  const packed = filled
    .withNewFile('/paths', files.map((file) => `.${file.path}\0`).join(''))
    .withExec([
      'bash',
      '-ceu',
      [...folders, ...modes, packScript('/settings', packCommand(compression, 0))].join('\n'),
    ])
  return takeLayer(packed, { cause: 'accounts and folders of ingot', compression }, store, scratch)
}

/** Owner, time and order are fixed and setuid bits dropped; what is left is names, modes and bytes. */
function packScript(folder: string, pack: string): string {
  return `
set -o pipefail
mkdir /packed
mkfifo /tmp/uncompressed
sha256sum < /tmp/uncompressed | cut -d ' ' -f 1 > /packed/diff-id &
tar --create --directory ${folder} --no-recursion --null --verbatim-files-from --files-from /paths \
  --format posix --pax-option 'exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' \
  --owner 0 --group 0 --numeric-owner --mode 'ug-s' --mtime @1 \
  --transform 's,^\\./,,S' \
  | tee /tmp/uncompressed | ${pack}
wait $!
`
}

async function takeLayer(
  packed: Container,
  { cause, compression }: { cause: string; compression: ImagePlan['compression'] },
  store: Store,
  scratch: string,
): Promise<StoredLayer> {
  const folder = await exported(packed.directory('/packed'), scratch)
  const diffId: Digest = parseDigest(`sha256:${(await readFile(join(folder, 'diff-id'), 'utf8')).trim()}`)
  const { digest, sizeBytes } = await adoptFile(store, join(folder, 'layer'))
  await rm(folder, { recursive: true, force: true })
  const mediaType = compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layerZstd
  return { descriptor: { mediaType, digest, size: sizeBytes }, diffId, cause }
}

async function exported(directory: Directory, folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await makeFolder(folder)
  await directory.export(folder)
  return folder
}

/** The tree whose list of Debian packages says what slimming removed, where the plan asks for that. */
export async function toldTree(
  tree: Directory,
  { packages }: PackageChanges,
  { slimming }: Pick<ImagePlan, 'slimming'>,
): Promise<Directory> {
  const gone = new Set(packages.filter((one) => one.type === 'deb' && isGone(one)).map(({ name }) => name))
  if (slimming.packageList !== 'told' || gone.size === 0) return tree
  const text = await tree.file(statusPath).contents()
  return tree.withNewFile(
    statusPath,
    markRemoved(text, (name) => gone.has(name)),
    { permissions: 0o644 },
  )
}
