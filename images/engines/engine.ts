import type { EngineId } from '../../recipes/engine-ids.ts'
import type { GgufFacts } from '../../recipes/gguf-facts.ts'
import type { FolderFacts } from '../../recipes/lock.ts'
import type { Modelfile } from '../../recipes/locked-weights.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { SettingFiles } from '../../recipes/setting-files.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { Behaviour } from '../boot/probe.ts'
import type { StartWords } from '../boot/start-line.ts'
import type { MemoryRules } from '../memory/engine-plan.ts'
import type { Gpu } from '../memory/gpus.ts'
import type { WheelPolicy } from '../slim-rules/rule.ts'
import type { NeededFiles, SlimPolicy } from '../slim-rules/slimming.ts'
import type { SettingsFile } from '../tree/settings.ts'
import type { WeightEntry } from '../weights/layers.ts'
import type { CompileCacheRules } from './compile-cache.ts'
import type { Device } from './device.ts'
import type {
  AmdSupport,
  ApiKeyRules,
  EngineSuggestion,
  EngineTraces,
  GpuSupport,
  InitProgram,
  PythonImports,
  Refusal,
  SharedMemory,
} from './engine-facts.ts'
import type { EngineGauges } from './gauges.ts'
import type { WorkerMachines } from './machine-rules.ts'
import type { MemoryFlag } from './memory-flags.ts'
import type { ModelSettings } from './model-settings.ts'
import type { DeployedPart, PartTable } from './parts.ts'
import type { WeightsProgram } from './perplexity.ts'
import type { Quantizations } from './quantization-table.ts'
import type { ReservedSettings } from './reserved.ts'
import type {
  DebianSource,
  OwnPython,
  PythonSource,
  RuntimeSource,
  UpstreamSource,
} from './runtime-source.ts'
import type { PromptScoring } from './scoring.ts'

export type { DebianSource, OwnPython, PythonSource, Refusal, RuntimeSource, UpstreamSource }

export type RuntimeKind = 'packages' | 'upstream'

/** One way to get the engine. Of those that suit a recipe the first is taken. */
export interface EngineRuntime {
  kind: RuntimeKind
  device: Device
  /** The version a fixed tag stands for; absent where the lock finds out. */
  version?: string
  source: RuntimeSource
  gpu?: GpuSupport
  amd?: AmdSupport
  slimming: SlimPolicy
  /** Absent where the server itself is the first process. */
  init?: InitProgram
  /** Packages that a recipe asks for by its keys, besides those of the source. */
  packagesFor?(recipe: Recipe): readonly string[]
  /** What further goes and stays by what a recipe asks for. */
  slimmingFor?(recipe: Recipe, gpu: Gpu | null): Pick<SlimPolicy, 'rules'> & { closure: NeededFiles }
}

/** What one recipe asks of an engine, after defaults: the input of every function of a definition. */
export interface Deployment {
  recipe: Recipe
  engine: EngineDefinition
  /** Semver of the engine, from the lock. */
  version: string
  runtime: EngineRuntime
  /** The target GPU, null for CPU and for a GPU that the catalogue does not know. */
  gpu: Gpu | null
  /** Numbers of the model and its GGUF header, null where the lock has none. */
  facts: ModelFacts | null
  gguf: GgufFacts | null
  /** What files beside the model say of how it is asked; null for GGUF and in older locks. */
  folder: FolderFacts | null
  /** What the model is served for. */
  tasks: readonly ModelTask[]
  /** Files that the recipe names under `model`. */
  settingFiles: SettingFiles
  /** What an Ollama manifest says beside its weights, null for other sources. */
  modelfile: Modelfile | null
  /** Folder that the weights' delivery fills: the model's own, Ollama's store, or the Hub's cache. */
  modelFolder: string
  /** Folder in which the model's files lie under their own names. */
  modelPath: string
  files: readonly WeightFile[]
  /** What lies beside the model, in the order of the recipe. */
  parts: readonly DeployedPart[]
  /** The port of the image. */
  port: number
  /** Where the engine itself listens: on every interface and that port, unless a server of the recipe is around it. */
  listen: { host: string; port: number }
  /** Folder of a CUDA toolkit that the locked wheels make; null where they make none that compiles. */
  toolkit: string | null
  /** What stands before the server's command line; empty where the server is the first process. */
  init: readonly string[]
}

/** Programs of the engine's own that look at weights. They are no part of an image. */
export interface PerplexityProgram extends WeightsProgram {
  /** Package of the base's archive, which is taken in the locked version of another one, from the same source. */
  package: string
  versionOf: string
  /** Where the model lies in the image. */
  modelFile(deployment: Deployment): string
}

/** Where an engine says how full it is. */
export interface GaugePage extends EngineGauges {
  path(deployment: Deployment): string
}

/**
 * How a model lies in the image. `files`: under their own names, so that engines share layers, and a file that is too
 * large for a registry may be split. `store`: as the engine's own store, in which every file is whole.
 */
export type WeightsLayout =
  | { type: 'files' }
  | { type: 'store'; entries: (deployment: Deployment) => WeightEntry[] }

/**
 * Contract of an inference server. Every engine is a folder with the same files, and fills in the same parts in the same
 * order; the contract suite in test/images/engines runs over all of them.
 */
export interface EngineDefinition {
  id: EngineId
  title: string
  /** What people take it for, in a few words. */
  use: string
  /** Other names that people type, in lower case. */
  nicknames: readonly string[]
  /** Port where the recipe names none. */
  port: number
  /** Forms of a model that it loads; GGUF stands alone. */
  formats: readonly WeightFormat[]
  /** What it serves a model for. Tasks of one list can be served by one server together. */
  tasks: readonly (readonly ModelTask[])[]
  weights: WeightsLayout
  /** What it does with what a recipe puts beside the model. */
  parts: PartTable
  /** What it does with the keys of `model` that say how it talks. */
  modelSettings: ModelSettings
  /** What the server starts a shell for; null where it starts none, and then a shell in the image fails the build. */
  shell: string | null
  runtimes: readonly EngineRuntime[]
  /** Devices that its own project builds images for and this one does not, each with what there is. */
  elsewhere?: Partial<Readonly<Record<Device, string>>>
  /** Semver of the engine from what its package or program calls itself; null when it cannot be read. */
  versionOf(text: string): string | null
  refusals(deployment: Deployment): Refusal[]
  /** What is not known, or will not work, and stops nothing: sentences for the plan. */
  doubts?(deployment: Deployment): string[]
  /** Command line of the server; the first part is an absolute path. */
  command(deployment: Deployment): string[]
  /** Prints every flag that the server knows, and ends; null where its command line has none. */
  help(deployment: Deployment): string[] | null
  environment(deployment: Deployment): Record<string, string>
  /** Files of settings that the command line names; absent where it names none. */
  files?(deployment: Deployment): SettingsFile[]
  /** Flags and variables that the two above make, so that a recipe cannot set them beside its own keys. */
  reserved: ReservedSettings
  behaviour(deployment: Deployment): Behaviour
  /** Null where it has no setting for a key, or only an argument, which everybody on the machine can read. */
  apiKey: ApiKeyRules | null
  /** What tells the perplexity of a text; absent where the engine has no such program. */
  perplexity?: PerplexityProgram
  /** How the server itself says how well it predicts a text; absent where it does not, or nobody looked. */
  scoring?: PromptScoring
  /** Path that balancers ask: it waits for nothing and generates nothing. */
  healthPath: string
  /** Variables without which that page generates, in run files with probes; `source` says so, and from what. */
  health?: { variables: Readonly<Record<string, string>>; source: string }
  /** The longest that a start may take beside reading the weights, where no boot measured it; not given where it is seconds. */
  ownStart?: { seconds: number; source: string }
  compileCache?: CompileCacheRules
  /** How its log tells the times of its start; absent where it tells none. */
  startWords?: readonly StartWords[]
  /** Where it says how full it is; absent where it does not. */
  gauges?: GaugePage
  /** How it splits a model over several machines; null where it does not. */
  machines: WorkerMachines | null
  memory: MemoryRules
  /** Names that a recipe may give; null where the file of the model decides alone. */
  quantizations: Quantizations | null
  /** Flags and variables beside a recipe's keys that change what lies on a GPU: the planner reads them too. */
  memoryFlags: readonly MemoryFlag[]
  /** /dev/shm where several ranks compute; null where one process uses all GPUs. */
  sharedMemory: SharedMemory | null
  /** What goes of the wheels that the engine is installed with, and what must stay. */
  wheels: WheelPolicy
  /** Null where no Python is in the image. */
  imports: PythonImports | null
  suggestion: EngineSuggestion
  /** Paths whose files make up the engine itself: they change with every engine release and get a layer of their own. */
  enginePaths: readonly string[]
  traces: EngineTraces
}
