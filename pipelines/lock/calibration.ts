import { digestOf, hexOf } from '../../lib/digest.ts'
import { tokensIn } from '../../lib/token-forms.ts'
import type { Finding } from '../../recipes/parse.ts'
import { type CalibrationText, mostCalibrationBytes } from '../../recipes/quantization.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { readSmallFile } from './small-file.ts'

/** The text that a recipe names for an importance matrix, and what is wrong with it. */
export function readCalibration(
  { weights }: Recipe,
  folder: string,
): { text?: CalibrationText; findings: Finding[] } {
  const path = weights.quantize?.imatrix
  if (path === undefined) return { findings: [] }
  const read = readSmallFile(path, folder, mostCalibrationBytes)
  if (!read.ok) return { findings: [finding(`no text: ${read.message}`)] }
  const { bytes } = read
  const text = Buffer.from(bytes)
  if (text.includes(0)) return { findings: [finding('no text: it has a byte 0')] }
  const [kind] = tokensIn(text.toString('utf8'))
  if (kind !== undefined) return { findings: [finding(`it holds what has the form of a secret (${kind})`)] }
  return { text: { path, sizeBytes: bytes.length, sha256: hexOf(digestOf(bytes)) }, findings: [] }
}

function finding(message: string): Finding {
  return {
    kind: 'problem',
    path: ['weights', 'quantize', 'imatrix'],
    part: 'value',
    message,
    hint: 'name a text file, relative to the recipe, of some hundred kilobytes that are like what the model will read',
  }
}
