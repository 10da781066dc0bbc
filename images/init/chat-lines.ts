import type { Modelfile } from '../../recipes/locked-weights.ts'
import { type ModelTask, tasksOfChats } from '../../recipes/tasks.ts'
import { chatFormsOf } from '../engines/chat-forms.ts'
import type { EngineDefinition } from '../engines/engine.ts'
import type { ModelSettingKey } from '../engines/model-settings.ts'
import { type TaskChoice, tasksOfFiles } from '../engines/tasks.ts'
import type { WeightsChoice } from './offer.ts'

/** Keys of `model` that a proposal writes from the files of the model. */
export interface ChatLines {
  task?: ModelTask | ModelTask[]
  toolCallParser?: string
  reasoningParser?: string
}

/** What beside the weights tells the task: what a person asks for comes before what the files say. */
export interface TaskSources {
  modelfile?: Modelfile | undefined
  asked?: readonly ModelTask[] | undefined
}

/** The task that is asked for or that the files tell, and the parsers that the engine's documentation names; nothing that is guessed. */
export function chatLinesOf(engine: EngineDefinition, weights: WeightsChoice, told: TaskSources): ChatLines {
  const task = taskOf(weights, told)
  const chats = [task]
    .flat()
    .some((one) => one === 'chat' || (one !== undefined && tasksOfChats.includes(one)))
  const { calls, reasoning } = chatFormsOf({ facts: weights.facts, folder: weights.folder ?? null })
  const toolCallParser = nameOf(engine, 'toolCallParser', calls)
  const reasoningParser = nameOf(engine, 'reasoningParser', reasoning)
  return {
    ...(task !== undefined && { task }),
    ...(chats && toolCallParser !== undefined && { toolCallParser }),
    ...(chats && reasoningParser !== undefined && { reasoningParser }),
  }
}

function taskOf(
  weights: WeightsChoice,
  { modelfile, asked }: TaskSources,
): ModelTask | ModelTask[] | undefined {
  if (asked === undefined) return toldTask(weights, modelfile)?.tasks[0]
  return asked.length === 1 ? asked[0] : [...asked]
}

/** What the task and the parsers were told by, as comments of their lines. */
export function chatComments(
  engine: EngineDefinition,
  weights: WeightsChoice,
  { modelfile, asked }: TaskSources,
): Record<'task' | 'toolCallParser' | 'reasoningParser', string[]> {
  const { calls } = chatFormsOf({ facts: weights.facts, folder: weights.folder ?? null })
  const template = nameOf(engine, 'chatTemplate', calls)
  return {
    task:
      asked === undefined ? taskWords(engine, toldTask(weights, modelfile), weights) : ['As --task says.'],
    toolCallParser: [
      'The chat template of the model writes calls in this form; the boot asks for one.',
      ...(template === undefined
        ? []
        : [
            `${engine.title} recommends its own examples/${template}: save it beside this file, and name it as chatTemplate.`,
          ]),
    ],
    reasoningParser: ['So reasoning stands apart from the answer.'],
  }
}

function taskWords(
  engine: EngineDefinition,
  told: TaskChoice | undefined,
  { header, folder }: WeightsChoice,
): string[] {
  if (told === undefined) return []
  const because = `Told by its files: ${told.because}.`
  const [task] = told.tasks
  const takesTemplate = engine.modelSettings.chatTemplate.type === 'taken'
  if (task === 'completion')
    return takesTemplate
      ? [because, 'For chats take its instruct version, or name a template of your own as chatTemplate.']
      : [because, 'For chats take its instruct version.']
  const knowsTools = /\btools\b/.test(header?.chatTemplate ?? folder?.chatTemplate ?? '')
  const isOffered = engine.tasks.some((one) => one.includes('tools')) && header !== null
  return task === 'chat' && knowsTools && isOffered
    ? [because, 'Its template knows tools: [chat, tools] has the boot ask for calls as well.']
    : [because]
}

/** Undefined where nothing of the model says it: an absent folder record says no more than that nobody looked. */
function toldTask(weights: WeightsChoice, modelfile: Modelfile | undefined): TaskChoice | undefined {
  const { facts, header, folder } = weights
  const found = tasksOfFiles({ facts, gguf: header, folder: folder ?? null, modelfile: modelfile ?? null })
  const isRead = header !== null || folder !== undefined
  return isRead || found.tasks[0] !== 'chat' ? found : undefined
}

function nameOf(
  engine: EngineDefinition,
  key: ModelSettingKey,
  form: string | undefined,
): string | undefined {
  const support = engine.modelSettings[key]
  if (support.type === 'refused' || form === undefined) return undefined
  return Object.entries(support.forms ?? {}).find(([known]) => known === form)?.[1]
}
