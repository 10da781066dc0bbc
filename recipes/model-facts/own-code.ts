import { isConfig } from './config-value.ts'

/** Configurations in which `auto_map` may name classes of a model's own. */
export const codeConfigs = [
  'config.json',
  'tokenizer_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'video_preprocessor_config.json',
] as const

/** Code that configurations name: repositories other than the model's own (`owner/name--module.Class`), and files of its own. */
export interface NamedCode {
  foreign: string[]
  own: string[]
}

export function namedCode(configs: readonly unknown[]): NamedCode {
  const names = configs.flatMap((config) => {
    const map = isConfig(config) ? config['auto_map'] : undefined
    return isConfig(map) ? Object.values(map).flat() : []
  })
  const texts = names.filter((name) => typeof name === 'string')
  return {
    foreign: unique(texts.filter((name) => name.includes('--')).map((name) => name.split('--')[0] ?? '')),
    own: unique(texts.flatMap((name) => (/^\w+\.\w+$/.test(name) ? [`${name.split('.')[0]}.py`] : []))),
  }
}

/** Files beside a module that it imports, as transformers looks for them (`get_relative_imports`): also below a `try`. */
export function importedBeside(source: string): string[] {
  const imports = [...source.matchAll(/^\s*(?:import\s+\.(\w+)\s*$|from\s+\.(\w+)\s+import\b)/gm)]
  return unique(imports.map(([, plain, from]) => `${plain ?? from}.py`))
}

/** Files of own code that are needed and not there. `read` gives a text, undefined where there is no such file. */
export async function missingCode(
  own: readonly string[],
  read: (path: string) => Promise<string | undefined>,
): Promise<string[]> {
  const seen = new Set(own)
  const missing: string[] = []
  // A set is walked in the order in which it grows.
  for (const path of seen) {
    const source = await read(path)
    if (source === undefined) missing.push(path)
    else for (const other of importedBeside(source)) seen.add(other)
  }
  return missing.sort()
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
