import type { RecipePart } from '../../../recipes/parts.ts'
import type { SettingsFile } from '../../tree/settings.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { settingOptions } from '../model-settings.ts'
import { tasksOfPart } from '../part-probes.ts'
import { architectureRefusals, partRefusal } from '../part-refusals.ts'
import { type DeployedPart, type PartTable, type PlacedPart, partsOf, served } from '../parts.ts'
import { ggufModels, ggufProjector } from '../refusals.ts'
import { option } from '../serving-keys.ts'
import { modelSettings } from './model-settings.ts'
import { taskOptions } from './task-options.ts'

/** Flags of `reserved.ts` are refused in any case. */
export const parts: PartTable = {
  adapter: served('--lora', '--lora-scaled', '--lora-init-without-apply'),
  drafter: served(
    ...['--model-draft', '-md', '--spec-draft-model', '--spec-type', '--spec-draft-n-max', '--spec-default'],
  ),
  projector: served('--no-mmproj', '--no-mmproj-auto'),
  model: served('--models-max', '--models-autoload', '--no-models-autoload'),
}

/** Where the router reads which models there are. */
const presetFile = '/etc/ingot/models.ini'

/** Several models are served by a router, which starts a server for each. */
export function hasRouter(deployment: Pick<Deployment, 'parts'>): boolean {
  return partsOf(deployment, 'model').length > 0
}

/** Settings of the model and of what lies beside it, as pairs of a flag and a value. */
export function modelOptions(deployment: Deployment): string[] {
  const { recipe } = deployment
  if (hasRouter(deployment))
    return ['--models-preset', presetFile, '--models-max', String(partsOf(deployment, 'model').length + 1)]
  return [
    // It finds the other shards of a split model by name.
    ...['--model', modelFileOf(deployment)],
    ...besideOptions(deployment),
    ...['--alias', recipe.model.name],
  ]
}

/** The file of the model, or its first shard, in the image. */
export function modelFileOf(deployment: Deployment): string {
  return `${deployment.modelPath}/${ggufModels(deployment)[0]?.path}`
}

function besideOptions(deployment: Deployment): string[] {
  const [drafter] = partsOf(deployment, 'drafter')
  const adapters = partsOf(deployment, 'adapter').map((one) => `${fileOf(one)}:0`)
  return [
    ...option('--mmproj', projectorOf(deployment)),
    // Loaded and off: a request that names no adapter gets the model alone, as with every engine.
    ...option('--lora-scaled', adapters.length === 0 ? undefined : adapters.join(',')),
    ...(drafter === undefined ? [] : draftOptions(drafter)),
    ...settingOptions(deployment, modelSettings),
  ]
}

/** The recipe's own part, else what lies beside the model. */
export function projectorOf(deployment: Deployment): string | undefined {
  const [part] = partsOf(deployment, 'projector')
  if (part !== undefined) return fileOf(part)
  const beside = ggufProjector(deployment)
  return beside && `${deployment.modelPath}/${beside.path}`
}

const specTypes = { draft: 'draft-simple', eagle3: 'draft-eagle3', mtp: 'draft-mtp', eagle: '' } as const

function draftOptions(drafter: DeployedPart<'drafter'>): string[] {
  const { method, tokens, source } = drafter.part
  return [
    ...option('--model-draft', source && fileOf(drafter)),
    // Without it the draft model is loaded and never asked.
    ...['--spec-type', specTypes[method]],
    ...['--spec-draft-n-max', String(tokens)],
  ]
}

/** The one file of a part that is passed; of shards the first. */
export function fileOf({ files, path, pinned }: PlacedPart): string {
  const isModel = pinned?.role === 'model' || pinned?.role === 'drafter'
  const gguf = files.filter((file) => /\.gguf$/i.test(file.path))
  const [file] = isModel ? ggufModels({ files, gguf: pinned.gguf ?? null }) : gguf
  return `${path}/${file?.path}`
}

/** What the router reads: one section a model, with the flags that are that model's alone. */
export function files(deployment: Deployment): SettingsFile[] {
  const models = partsOf(deployment, 'model')
  if (models.length === 0) return []
  const own = ['--model', `${deployment.modelPath}/${ggufModels(deployment)[0]?.path}`]
  const sections = [
    section(deployment.recipe.model.name, [
      ...own,
      ...besideOptions(deployment),
      ...taskOptions(deployment, deployment),
    ]),
    ...models.map((one) => section(one.part.name, furtherOptions(deployment, one))),
  ]
  return [
    { type: 'folder', path: '/etc/ingot', mode: '0755' },
    { type: 'file', path: presetFile, mode: '0644', content: ['version = 1\n', ...sections].join('\n') },
  ]
}

function furtherOptions(deployment: Deployment, one: DeployedPart<'model'>): string[] {
  const { files: own, path, pinned } = one
  const { gguf = null, model: facts = null } = pinned ?? {}
  const projector = ggufProjector({ files: [...own], gguf })
  return [
    ...['--model', fileOf(one)],
    ...option('--mmproj', projector && `${path}/${projector.path}`),
    ...taskOptions({ tasks: tasksOfPart(one), gguf, facts }, deployment),
  ]
}

/** A flag without a value is switched on by a word (measured, 0.7.0). */
function section(name: string, options: readonly string[]): string {
  const lines = options.flatMap((flag, index) => {
    if (!flag.startsWith('--')) return []
    const value = options[index + 1]
    return [`${flag.slice(2)} = ${value === undefined || value.startsWith('--') ? 'true' : value}\n`]
  })
  return [`[${name}]\n`, ...lines, 'load-on-startup = true\n'].join('')
}

export function partRefusals(deployment: Deployment): Refusal[] {
  return [
    ...partsOf(deployment, 'adapter').flatMap((one) => architectureRefusals(deployment, one)),
    ...partsOf(deployment, 'drafter').flatMap((one) => drafterRefusals(deployment, one)),
    ...partsOf(deployment, 'model').flatMap((one) => modelRefusals(deployment, one, one.part.name)),
    ...(hasRouter(deployment) ? routerNameRefusals(deployment, deployment.recipe.model.name) : []),
  ]
}

function drafterRefusals(deployment: Deployment, one: DeployedPart<'drafter'>): Refusal[] {
  const { part } = one
  if (part.method === 'eagle')
    return [
      partRefusal(deployment, part, {
        found: 'llama.cpp drafts with heads of EAGLE 3 and not of the EAGLE before it',
        hint: 'name heads of EAGLE 3 with `method: eagle3`, or a small model with `method: draft`',
      }),
    ]
  return part.source === undefined ? [] : modelRefusals(deployment, one)
}

function modelRefusals(
  deployment: Deployment,
  { part, pinned, files: own }: PlacedPart & { part: RecipePart },
  name?: string,
): Refusal[] {
  const models = ggufModels({ files: [...own], gguf: pinned?.gguf ?? null })
  const found = `${models.length} GGUF models among ${own.map(({ path }) => path).join(', ')}`
  return [
    ...(models.length === 1
      ? []
      : [partRefusal(deployment, part, { found, hint: 'choose one file with `include`' })]),
    ...(name === undefined ? [] : routerNameRefusals(deployment, name)),
  ]
}

/** Its router reads what follows a colon as a quantisation and writes it in capitals (measured, 0.7.0). */
function routerNameRefusals({ recipe }: Deployment, name: string): Refusal[] {
  const tag = /:(.*)$/s.exec(name)?.[1]
  if (tag === undefined || tag === tag.toUpperCase()) return []
  const index = recipe.parts.findIndex((part) => part.role === 'model' && part.name === name)
  return [
    {
      path: index < 0 ? 'model.name' : `parts.${index}.name`,
      found: `the router of llama.cpp offers "${name}" as "${name.replace(tag, tag.toUpperCase())}"`,
      hint: 'write what follows the colon in capitals, or leave it out',
    },
  ]
}

/** The query by which a router knows whose page is asked for. */
export function ofModel(deployment: Deployment): string {
  return hasRouter(deployment) ? `?model=${encodeURIComponent(deployment.recipe.model.name)}` : ''
}
