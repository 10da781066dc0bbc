import type { Lock } from '../../recipes/lock.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { SlimPolicy } from '../slim-rules/slimming.ts'
import type { EngineRuntime, RuntimeSource } from './engine.ts'
import type { InitProgram } from './engine-facts.ts'
import { compilerFiles, kernelCompilers, pythonEnvironmentRules } from './python-environment.ts'

/** Folder of an environment of Python beside an engine that has none. */
export const ownFolder = '/opt/own'

/**
 * A server around the engine is not the first process: as that it would hear no SIGTERM without a handler of its own. The
 * signal goes to its whole group, so that the engine ends with it; 143, which is 128 and SIGTERM, was asked for and becomes 0.
 */
const ownInit: InitProgram = {
  packages: ['tini'],
  command: ['/usr/bin/tini', '-g', '-e', '143', '--'],
}

/** A runtime with what a recipe adds to it. An official image is taken as it is, and its recipe refused elsewhere. */
export function withOwnPackages(known: EngineRuntime, { image }: Recipe): EngineRuntime {
  const runtime = image.compileCache ? withCompilers(known) : known
  const { source } = runtime
  if (source.type === 'upstream') return image.command === undefined ? runtime : withoutInit(runtime)
  const init = image.command === undefined ? runtime.init : ownInit
  return {
    ...runtime,
    source: withRequirements(withSystem(source, image), image.packages.python),
    ...(init === undefined ? {} : { init }),
  }
}

/**
 * An environment of Python for CPUs has no compiler, so it compiles nothing. One that shall use what was compiled needs it too:
 * the version of g++ is a part of every key of inductor (torch/_inductor/cpu_vec_isa.py of 2.13.0).
 */
function withCompilers(runtime: EngineRuntime): EngineRuntime {
  const { source, slimming, device } = runtime
  if (source.type !== 'python' || device !== 'cpu') return runtime
  const { rules, programs, data, kept } = compilerFiles
  const { closure } = slimming
  return {
    ...runtime,
    source: { ...source, packages: [...source.packages, ...kernelCompilers] },
    slimming: {
      ...slimming,
      rules: [...slimming.rules, ...rules],
      ...(closure && {
        closure: {
          ...closure,
          roots: [...closure.roots, ...programs],
          data: [...closure.data, ...data],
        },
      }),
      kept: [...(slimming.kept ?? []), ...kept],
    },
  }
}

function withoutInit({ init: _, ...runtime }: EngineRuntime): EngineRuntime {
  return runtime
}

type InstalledSource = Exclude<RuntimeSource, { type: 'upstream' }>

function withSystem(
  source: InstalledSource,
  { packages: { system }, command }: Recipe['image'],
): InstalledSource {
  const added = command === undefined ? [] : ownInit.packages
  return {
    ...source,
    packages: [...new Set([...source.packages, ...added])],
    ...(system.length === 0 ? {} : { own: system }),
  }
}

function withRequirements(source: InstalledSource, requirements: readonly string[]): InstalledSource {
  if (requirements.length === 0) return source
  if (source.type === 'python') return { ...source, requirements }
  const interpreter = '/usr/bin/python3'
  return {
    ...source,
    packages: [...source.packages, 'python3'],
    environment: { interpreter, folder: ownFolder, requirements },
  }
}

/** Names of packages that a recipe asks for, without their versions. */
export function namesOfSystem(system: readonly string[]): string[] {
  return system.map((name) => name.replace(/=.*$/, ''))
}

/**
 * What glibc loads for programs that convert texts or look up names, and no program links to: without the first unrtf of
 * Debian forky writes nothing and ends with 0.
 */
const loadedByLibc = ['/usr/lib/*-linux-gnu/gconv/**', '/usr/lib/*-linux-gnu/libnss_*']

interface OwnSlimming {
  rules: SlimPolicy['rules']
  packages: string[]
  loads: string[]
  roots: string[]
  data: string[]
  contents: string[]
}

/** What of an image's own layer slimming keeps, and the rules for its Python. */
export function ownSlimming(
  source: RuntimeSource,
  { runtime, ownFiles = [] }: Pick<Lock, 'runtime' | 'ownFiles'>,
): OwnSlimming {
  const named = source.type === 'upstream' ? [] : namesOfSystem(source.own ?? [])
  const brought = runtime.type === 'upstream' ? [] : (runtime.own ?? [])
  const packages = [...new Set([...named, ...brought])].sort()
  const data = packages.length === 0 ? [] : loadedByLibc
  const files = ownFiles.flatMap((place) => place.files)
  const started = [...new Set(files.flatMap((file) => file.startedBy ?? []))].sort()
  const libraries = [...new Set(files.flatMap((file) => file.libraries ?? []))].sort()
  const loads = [...started.filter((name) => name.startsWith('/')), ...libraries]
  const programs = started
    .filter((name) => !name.startsWith('/'))
    .flatMap((name) => programPaths(name, source))
  const plain = { packages, loads, data }
  if (source.type !== 'debian' || source.environment === undefined)
    return { ...plain, rules: [], roots: programs, contents: [] }
  return {
    ...plain,
    rules: pythonEnvironmentRules,
    roots: [`${source.environment.interpreter}*`, ...programs],
    contents: [`${source.environment.folder}/**`, '/usr/lib/python3*/**'],
  }
}

/** Paths at which a program may be: its own, or one in each folder of programs. */
export function programPaths(program: string, source: RuntimeSource): string[] {
  return program.startsWith('/') ? [program] : programFolders(source).map((folder) => `${folder}/${program}`)
}

/** Where the programs of an own command are looked for. */
function programFolders(source: RuntimeSource): string[] {
  const folder = environmentFolder(source)
  return [...(folder === undefined ? [] : [`${folder}/bin`]), '/usr/local/bin', '/usr/bin', '/bin']
}

/** Variables of an environment of Python beside an engine that has none. */
export function ownEnvironment(source: RuntimeSource): Record<string, string> {
  if (source.type !== 'debian' || source.environment === undefined) return {}
  return {
    PATH: programFolders(source).join(':'),
    VIRTUAL_ENV: source.environment.folder,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  }
}

function environmentFolder(source: RuntimeSource): string | undefined {
  if (source.type === 'python') return source.folder
  return source.type === 'debian' ? source.environment?.folder : undefined
}
