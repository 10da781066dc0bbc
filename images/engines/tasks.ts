import type { GgufFacts } from '../../recipes/gguf-facts.ts'
import type { FolderFacts } from '../../recipes/lock.ts'
import type { Modelfile } from '../../recipes/locked-weights.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { type ModelTask, tasks, tasksOfChats } from '../../recipes/tasks.ts'

/** What a model is served for, and the words for what says so. */
export interface TaskChoice {
  tasks: readonly ModelTask[]
  because: string
}

/** What of a lock tells the task. */
export interface TaskFacts {
  facts: ModelFacts | null
  gguf: GgufFacts | null
  folder: FolderFacts | null
  modelfile: Modelfile | null
}

/** The recipe's own task, else what the files of the model say; `chat` where they say nothing. */
export function tasksOf(recipe: Recipe, facts: TaskFacts): TaskChoice {
  const named = tasksNamed(recipe)
  return named === undefined
    ? tasksOfFiles(facts, recipe.serving.ollamaTemplate?.text)
    : { tasks: named, because: 'the recipe says so' }
}

/** The recipe's own tasks, with the chat that some of them are asked by; undefined where the files decide. */
export function tasksNamed({ model: { task } }: Recipe): readonly ModelTask[] | undefined {
  if (task === undefined) return undefined
  const named = [task].flat()
  const asked = named.some((one) => tasksOfChats.includes(one)) ? [...named, 'chat'] : named
  return tasks.filter((one) => asked.includes(one))
}

/** The same by what files say alone. `template` is one that the recipe writes beside a GGUF. */
export function tasksOfFiles(facts: TaskFacts, template?: string): TaskChoice {
  if (facts.gguf !== null) return ofGguf(facts.gguf, facts.modelfile, template)
  if (facts.facts !== null) return ofFolder(facts.facts, facts.folder)
  return { tasks: ['chat'], because: 'the lock knows nothing of the model' }
}

function ofGguf(gguf: GgufFacts, modelfile: Modelfile | null, own: string | undefined): TaskChoice {
  const { pooling = 'none', chatTemplate } = gguf
  if (pooling === 'rank') return { tasks: ['rerank'], because: 'its header pools a score' }
  if (pooling !== 'none') return { tasks: ['embedding'], because: `its header pools vectors (${pooling})` }
  const given = modelfile?.template ?? own
  if (given !== undefined) return { tasks: ['chat'], because: 'it has a chat template beside it' }
  return byTemplate(chatTemplate, 'its header')
}

function ofFolder({ architecture }: ModelFacts, folder: FolderFacts | null): TaskChoice {
  if (/^Whisper/.test(architecture)) return { tasks: ['transcription'], because: `it is a ${architecture}` }
  if (/SequenceClassification$/.test(architecture))
    return { tasks: ['rerank'], because: `it is a ${architecture}` }
  if (folder?.pooling !== undefined || folder?.normalizes !== undefined)
    return { tasks: ['embedding'], because: 'modules of sentence-transformers lie beside it' }
  // BertModel, XLMRobertaModel, T5EncoderModel: a body without a head that generates.
  if (/(?<!LMHead|Chat|Omni|LM)Model$/.test(architecture) && !generators.includes(architecture))
    return { tasks: ['embedding'], because: `${architecture} has no head that generates` }
  // Locks of versions before this record do not say whether there is a template.
  if (folder === null)
    return { tasks: ['chat'], because: 'the lock does not say whether it has a chat template' }
  return byTemplate(folder.chatTemplate, 'its folder')
}

/** Names of vLLM's registry (0.33.0) that end as those of bodies do, and generate. */
const generators = ['ChatGLMModel', 'MossAudioModel', 'UltravoxModel', 'OpenAIGPTModel']

function byTemplate(template: string | undefined, where: string): TaskChoice {
  return template === undefined
    ? { tasks: ['completion'], because: `${where} has no chat template` }
    : { tasks: ['chat'], because: `${where} has a chat template` }
}

const generating: readonly ModelTask[] = ['chat', 'completion']

/** Whether the server generates text; otherwise there is no answer to record and nothing to time token by token. */
export function generates(served: readonly ModelTask[]): boolean {
  return served.some((task) => generating.includes(task))
}
