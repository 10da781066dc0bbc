import type { FolderFacts } from '../lock.ts'
import type { Pooling } from '../tasks.ts'
import { type Config, isConfig } from './config-value.ts'

/** Reads one file of a model's folder as JSON; undefined where there is none, or where it is none. */
export type ReadJson = (path: string) => Promise<unknown>

/**
 * What the small files of a folder in transformers' form say of how the model is asked: its chat template, and the
 * modules that sentence-transformers puts behind it. `template` is the text of chat_template.jinja.
 */
export async function folderFactsOf(read: ReadJson, template: string | undefined): Promise<FolderFacts> {
  const config = await read('config.json')
  const chatTemplate =
    template ??
    templateOf(await read('tokenizer_config.json')) ??
    templateOf(await read('chat_template.json'))
  const modules = modulesOf(await read('modules.json'))
  const placeOf = (type: RegExp) => modules.find((module) => type.test(module.type))?.path
  const [poolingPlace, densePlace] = [placeOf(/\.Pooling$/), placeOf(/\.Dense$/)]
  const dense = densePlace === undefined ? undefined : await read(`${densePlace}/config.json`)
  const pooling =
    poolingPlace === undefined ? undefined : poolingOf(await read(`${poolingPlace}/config.json`))
  const dimension = isConfig(dense) ? dense['out_features'] : undefined
  const labels = labelsOf(config)
  return {
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(isCount(dimension) ? { dimension } : {}),
    ...(modules.length === 0 ? {} : { normalizes: placeOf(/\.Normalize$/) !== undefined }),
    ...(labels === undefined ? {} : { labels }),
  }
}

interface Module {
  type: string
  path: string
}

function modulesOf(value: unknown): Module[] {
  if (!Array.isArray(value)) return []
  return value.filter(isConfig).flatMap(({ type, path }) => {
    return typeof type === 'string' && typeof path === 'string' ? [{ type, path }] : []
  })
}

/** One template, or several with names: the one called `default`. */
function templateOf(config: unknown): string | undefined {
  const found = isConfig(config) ? config['chat_template'] : undefined
  if (!Array.isArray(found)) return typeof found === 'string' ? found : undefined
  const named = found.filter(isConfig).find(({ name }) => name === 'default')?.['template']
  return typeof named === 'string' ? named : undefined
}

const modes: Readonly<Record<string, Pooling>> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_lasttoken: 'last',
}

/** Other ways of sentence-transformers, such as the maximum, no engine here has. */
function poolingOf(config: unknown): Pooling | undefined {
  if (!isConfig(config)) return undefined
  return Object.entries(modes).find(([key]) => config[key] === true)?.[1]
}

/** A classifier names its classes, or says their number. */
function labelsOf(config: unknown): number | undefined {
  if (!isConfig(config) || !/SequenceClassification$/.test(firstOf(config['architectures']))) return undefined
  const named = config['id2label']
  const count = isConfig(named) ? Object.keys(named).length : config['num_labels']
  // What transformers assumes.
  return isCount(count) ? count : 2
}

function firstOf(value: Config[string]): string {
  return Array.isArray(value) ? String(value[0]) : ''
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
