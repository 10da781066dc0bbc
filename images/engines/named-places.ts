import type { Deployment, Refusal } from './engine.ts'

/** Flags of any engine whose value is a model or a part of one: a place in the image, or a repository that a Hub has. */
const modelFlags =
  /^--(tokenizer|tokenizer-path|hf-config-path|lora-modules|lora-paths|lora-adapters|speculative-draft-model-path|speculative-config(\.model)?)$/

/** Flags whose value is a file. */
const fileFlags =
  /^--(chat-template(-file)?|completion-template|reasoning-parser-plugin|tool-parser-plugin|log-config-file|tokenizer-config-path|extra-llm-api-options)$/

/** What a recipe's own arguments name, each with the item that names it. */
interface NamedPlace {
  index: number
  flag: string
  value: string
}

/** Refuses names that only a network resolves, and files of the model's folder that are not there. */
export function placeRefusals(deployment: Deployment): Refusal[] {
  const { recipe, modelPath } = deployment
  const isBaked = recipe.weights.delivery === 'baked'
  // The volume of a Hub's cache may hold other repositories as well.
  const models = recipe.weights.delivery === 'hf-cache' ? [] : namedBy(deployment, modelFlags)
  const distant = [...models, ...namedBy(deployment, fileFlags)]
  const absent = [...namedBy(deployment, modelFlags), ...namedBy(deployment, fileFlags)].filter(
    ({ value }) => isBaked && value.startsWith(`${modelPath}/`) && !isThere(deployment, value),
  )
  return [
    ...distant.flatMap((place) =>
      place.value.startsWith('/')
        ? []
        : [
            refusal(place, {
              found: `${place.flag} names ${place.value}, which is no place in the image, and a server without a network gets it from nowhere`,
              hint: 'a drafter or an adapter goes into `parts`, a chat template into model.chatTemplate, other files into image.files; then name their absolute path',
            }),
          ],
    ),
    ...absent.map((place) =>
      refusal(place, {
        found: `${place.flag} names ${place.value}, and the model’s folder has no such file`,
        hint: 'correct the path; `ingot plan` lists the files that are taken',
      }),
    ),
  ]
}

/** Files that somebody must mount. */
export function placeDoubts(deployment: Deployment): string[] {
  const all = [...namedBy(deployment, modelFlags), ...namedBy(deployment, fileFlags)]
  return all.flatMap(({ index, flag, value }) =>
    !value.startsWith('/') || value.startsWith(`${deployment.modelPath}`) || isThere(deployment, value)
      ? []
      : [
          `serving.extraArguments.${index}: ${flag} names ${value}, which neither weights nor image.files bring: the server ends without it unless it is mounted`,
        ],
  )
}

function refusal({ index }: NamedPlace, words: Omit<Refusal, 'path'>): Refusal {
  return { path: `serving.extraArguments.${index}`, ...words }
}

/** Whether weights, parts, the recipe's files or settings of ingot itself are at a place or below it. */
function isThere({ recipe, files, parts, modelPath }: Deployment, place: string): boolean {
  const isAt = (path: string) => path === place || path.startsWith(`${place}/`)
  return (
    isAt(modelPath) ||
    files.some(({ path }) => isAt(`${modelPath}/${path}`)) ||
    parts.some(({ path, files: own }) => isAt(path) || own.some((file) => isAt(`${path}/${file.path}`))) ||
    recipe.image.files.some(({ to }) => isAt(to) || place.startsWith(`${to}/`)) ||
    /^\/(etc\/ingot|opt|usr|app|dev|tmp)\//.test(place)
  )
}

/** Values of flags: behind `=`, in the items up to the next flag, and inside of JSON. */
function namedBy({ recipe }: Deployment, flags: RegExp): NamedPlace[] {
  const items = recipe.serving.extraArguments
  return items.flatMap((item, index) => {
    const [word = ''] = item.split('=')
    const flag = word.replaceAll('_', '-')
    if (!flags.test(flag)) return []
    if (item.includes('='))
      return valuesOf(flag, item.slice(word.length + 1)).map((value) => ({ index, flag, value }))
    const end = items.findIndex((other, at) => at > index && /^--?[A-Za-z]/.test(other))
    return items
      .slice(index + 1, end < 0 ? undefined : end)
      .flatMap((given, at) => valuesOf(flag, given).map((value) => ({ index: index + 1 + at, flag, value })))
  })
}

/** `name=path` of adapters, a member of JSON, or the value itself. A template may stand in the command line as text. */
function valuesOf(flag: string, given: string): string[] {
  const isJson = given.trimStart().startsWith('{') || flag === '--speculative-config'
  if (isJson && !flag.includes('template')) return inJson(given)
  if (flag.includes('template')) return looksLikeFile.test(given) ? [given] : []
  return [/^[\w.-]+=/.test(given) ? given.slice(given.indexOf('=') + 1) : given]
}

/** Neither a template itself nor one of those that servers have by a name, such as chatml. */
const looksLikeFile = /^[^{]*(\/|\.(jinja2?|j2|json|txt)$)/

function inJson(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return []
    const names = ['model', 'path'].map((key) => Object.entries(value).find(([name]) => name === key)?.[1])
    return names.filter((name) => typeof name === 'string')
  } catch {
    return []
  }
}
