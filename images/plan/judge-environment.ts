import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { deviceOf } from '../engines/deployment.ts'
import { isShellWord } from '../engines/written-arguments.ts'

/** Variables that say which GPUs a process sees. The first four count from 0 inside of the container, the last on the host. */
const inside = [
  'CUDA_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'GGML_VK_VISIBLE_DEVICES',
]
const outside = ['NVIDIA_VISIBLE_DEVICES']

const gives = 'leave it out: docker run --gpus and the like say which GPUs a container gets'

/** Variables of a recipe that contradict its own target, and such as only a shell would read. */
export function environmentFindings(recipe: Recipe): Finding[] {
  const { environment } = recipe.serving
  const visible = deviceOf(recipe) === 'cpu' ? [] : [...inside, ...outside]
  return Object.entries(environment).flatMap(([name, value]) => {
    const path = ['serving', 'environment', name]
    if (isShellWord(value))
      return [finding(path, 'problem', `no shell replaces what ${name} is set to`, 'write the value itself')]
    return visible.includes(name) ? visibleFindings(path, value, recipe.target.count) : []
  })
}

/** `CUDA_VISIBLE_DEVICES` ends at the first number that is no GPU; a name counts as well. */
function visibleFindings(path: string[], value: string, count: number): Finding[] {
  const name = path.at(-1) ?? ''
  if (value === 'all') return []
  if (/^(|-1|none|void|NoDevFiles)$/i.test(value.trim()))
    return [finding(path, 'problem', `${name} hides every GPU, and the image computes on one`, gives)]
  const shown = [...new Set(value.split(',').map((one) => one.trim()))]
  const end = shown.indexOf('-1')
  const seen = end < 0 ? shown.length : end
  if (seen < count)
    return [
      finding(
        path,
        'problem',
        `${name} shows ${seen} of the ${count} GPUs of target.count`,
        `set target.count to ${seen}, or ${gives}`,
      ),
    ]
  const far = inside.includes(name)
    ? shown.find((one) => /^\d+$/.test(one) && Number(one) >= count)
    : undefined
  return far === undefined && seen === count
    ? []
    : [
        finding(
          path,
          'doubt',
          far === undefined
            ? `${name} shows ${seen} GPUs, and target.count plans for ${count}`
            : `${name} names GPU ${far}, and a container with ${count} counts its own from 0 to ${count - 1}`,
          gives,
        ),
      ]
}

function finding(path: Finding['path'], kind: Finding['kind'], message: string, hint: string): Finding {
  return { kind, path, part: 'value', message, hint }
}
