import type { LockedFile, SkippedFile } from '../../recipes/locked-weights.ts'
import { isGguf } from '../../recipes/model-facts/gguf-files.ts'
import { isSafePath } from '../../recipes/safe-path.ts'
import { isModelWeights, placeOf, weightName } from '../../recipes/weight-names.ts'
import { followLinks, isBelow, join, type LayerTree, type PlacedFile } from './oci-tree.ts'

/** What becomes of the files of a tree. */
export interface TreeFiles {
  files: LockedFile[]
  skipped: SkippedFile[]
  unread: string[]
}

/** Where images of models have them, by the convention of KServe's modelcars. */
const modelcarFolder = 'models'

/**
 * Files of the model in a tree of layers and beside it, by their path in the model's folder. That is the deepest folder which
 * has all weights and configurations in it; in an image one below `/models`, where that has weights. Of an image what lies
 * elsewhere is its system: one line a layer says so, and of an archive one line a file.
 */
export function modelFiles(tree: LayerTree, beside: readonly LockedFile[], isImage: boolean): TreeFiles {
  const root = isImage ? folderInImage(tree) : folderInArchives(tree, beside)
  if (root === undefined) return { files: [], skipped: [], unread: [...tree.unread, noWeights(tree)] }
  const files = beside.map((file) => ({
    ...file,
    path: isBelow(file.path, root) ? within(file.path, root) : file.path,
  }))
  const found: TreeFiles = { files, skipped: [], unread: [...tree.unread] }
  const outside: { path: string; file: PlacedFile }[] = []
  for (const [path, node] of tree.nodes) {
    if (node.type === 'folder') continue
    if (isBelow(path, root)) takeNode(tree, { path, root }, found)
    else if (node.type === 'file') outside.push({ path, file: node.file })
  }
  found.skipped.push(...(isImage ? systemLines(outside, root) : outsideLines(outside, root)))
  return found
}

/** Undefined for an image without a model. */
function folderInImage(tree: LayerTree): string | undefined {
  const paths = pathsOf(tree)
  const modelcar = paths.filter((path) => isBelow(path, modelcarFolder) && isOfModel(path))
  if (modelcar.some((path) => !isConfiguration(path))) return commonFolder(modelcar)
  // Systems have .bin files and config.json of other things.
  const weights = paths.filter((path) => isGguf(path) || isModelWeights(path, ['safetensors', 'mistral']))
  return weights.length === 0 ? undefined : commonFolder(weights)
}

function folderInArchives(tree: LayerTree, beside: readonly LockedFile[]): string {
  return commonFolder([...pathsOf(tree), ...beside.map(({ path }) => path)].filter(isOfModel))
}

function pathsOf({ nodes }: LayerTree): string[] {
  return [...nodes].flatMap(([path, { type }]) => (type === 'file' || type === 'link' ? [path] : []))
}

function noWeights(tree: LayerTree): string {
  return `no .safetensors and no .gguf among the ${pathsOf(tree).length} files of its layers`
}

function isOfModel(path: string): boolean {
  return isGguf(path) || weightName(path) !== undefined || isConfiguration(path)
}

function isConfiguration(path: string): boolean {
  return /^(config|params)\.json$/.test(placeOf(path).name)
}

function commonFolder(paths: readonly string[]): string {
  const [first, ...rest] = paths.map((path) => path.split('/').slice(0, -1))
  if (first === undefined) return ''
  const shared = first.findIndex((part, i) => rest.some((parts) => parts[i] !== part))
  return (shared < 0 ? first : first.slice(0, shared)).join('/')
}

interface Place {
  path: string
  root: string
}

function takeNode(tree: LayerTree, place: Place, found: TreeFiles): void {
  const { path, root } = place
  const node = tree.nodes.get(path)
  const name = within(path, root)
  if (node?.type === 'file') take(name, node.file, found)
  if (node?.type === 'other') found.skipped.push({ path: name, sizeBytes: 0, reason: node.kind })
  if (node?.type !== 'link') return
  const target = followLinks(tree, path)
  const led = target === undefined ? undefined : tree.nodes.get(target)
  if (target === undefined || led === undefined)
    return void found.unread.push(`${path}: a link to ${node.target}, which is not there`)
  if (led.type === 'file') return void take(name, led.file, found)
  if (led.type === 'other') return void found.skipped.push({ path: name, sizeBytes: 0, reason: led.kind })
  if (isBelow(target, root) || target === root)
    return void found.skipped.push({
      path: name,
      sizeBytes: 0,
      reason: 'a link to a folder whose files stand at their own place',
    })
  for (const [inner, { type }] of tree.nodes)
    if (type === 'file' && isBelow(inner, target))
      takeCopy(tree, inner, join(name, inner.slice(target.length + 1)), found)
    else if (type === 'link' && isBelow(inner, target))
      found.unread.push(`${path}: a link to a folder with links in it`)
}

function takeCopy({ nodes }: LayerTree, inner: string, name: string, found: TreeFiles): void {
  const node = nodes.get(inner)
  if (node?.type === 'file') take(name, node.file, found)
}

function within(path: string, root: string): string {
  return root === '' ? path : path.slice(root.length + 1)
}

function take(path: string, { layer, ...file }: PlacedFile, { files, skipped }: TreeFiles): void {
  if (isSafePath(path)) files.push({ path, ...file })
  else
    skipped.push({
      path: JSON.stringify(path).slice(1, -1),
      sizeBytes: file.sizeBytes,
      reason: 'its name holds a backslash, a newline or another control character',
    })
}

/** A system has tens of thousands of files. */
function systemLines(outside: readonly { file: PlacedFile }[], root: string): SkippedFile[] {
  const layers = new Map<string, { count: number; sizeBytes: number }>()
  for (const { file } of outside) {
    const sum = layers.get(file.layer.digest) ?? { count: 0, sizeBytes: 0 }
    layers.set(file.layer.digest, { count: sum.count + 1, sizeBytes: sum.sizeBytes + file.sizeBytes })
  }
  return [...layers].map(([digest, { count, sizeBytes }]) => ({
    path: `layer ${digest.slice(0, 19)}: ${count} ${count === 1 ? 'file' : 'files'}`,
    sizeBytes,
    reason: `a part of the image outside of /${root}, where its model is`,
  }))
}

function outsideLines(outside: readonly { path: string; file: PlacedFile }[], root: string): SkippedFile[] {
  return outside.map(({ path, file }) => ({
    path,
    sizeBytes: file.sizeBytes,
    reason: `outside of ${root}, where the model is`,
  }))
}
