import { formatBytes } from '../../lib/bytes.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import { partTitle } from '../../recipes/parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { lockRequestOf } from './lock-request.ts'

/** What a recipe alone says of its image, for a person without a lock or a network. */
export function unlockedText(recipe: Recipe, files: readonly { sizeBytes: number }[] | undefined): string {
  const { runtime } = lockRequestOf(recipe)
  const added = [
    ...(runtime.packages ?? []),
    ...(runtime.distribution === undefined ? [] : [runtime.distribution]),
  ]
  const here = files === undefined ? '' : `, ${files.length} files, ${formatBytes(totalBytes(files))}`
  return [
    'known without a lock:',
    `    engine   ${recipe.engine.id} ${recipe.engine.version} on ${recipe.image.platform}`,
    `    base     ${runtime.base}${added.length === 0 ? '' : ` with ${added.join(', ')}`}`,
    `    weights  ${sourceText(recipe.weights.source)}${here}, ${recipe.weights.delivery}`,
    ...quantizedText(recipe),
    ...recipe.parts.map(
      (part) =>
        `    part     ${partTitle(part)}: ${part.source === undefined ? 'in the model itself' : sourceText(part.source)}`,
    ),
    'not known: versions and packages, memory, layers and checks; `ingot lock` asks the network for them',
  ].join('\n')
}

/** The file is made when the recipe is locked; before that only its type is known. */
function quantizedText({ weights: { quantize } }: Recipe): string[] {
  if (quantize === undefined) return []
  const matrix = quantize.imatrix === undefined ? '' : `, weighed by ${quantize.imatrix}`
  return [`    made     ${quantize.to} of these weights${matrix}; its size is not certain before it is made`]
}

function sourceText(source: WeightsSource): string {
  switch (source.type) {
    case 'huggingface':
      return `${source.repo} at ${source.revision}`
    case 'folder':
      return `folder ${source.path}`
    case 'oci':
      return source.reference
    case 'url':
      return source.url
    case 'pypi':
      return `${source.package} ${source.version} of the Python package index`
  }
}
