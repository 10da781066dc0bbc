import type { ModelTask } from '../../recipes/tasks.ts'
import type { Deployment, EngineDefinition, Refusal } from '../engines/engine.ts'
import { engines } from '../engines/engines.ts'

/** What the engine does not serve, with the engines that do. */
export function taskRefusals({
  engine,
  tasks,
  recipe,
}: Pick<Deployment, 'engine' | 'tasks' | 'recipe'>): Refusal[] {
  if (serves(engine, tasks)) return []
  const others = engines.filter((other) => serves(other, tasks)).map(({ id }) => id)
  const alone = tasks.every((task) => serves(engine, [task]))
  const named = recipe.model.task === undefined ? ', as its files say' : ''
  return [
    {
      path: 'model.task',
      found: alone
        ? `${engine.title} does not serve ${tasks.join(' and ')} from one server`
        : `the model is for ${tasks.join(' and ')}${named}, and ${engine.title} serves ${listed(engine)}`,
      hint: [
        others.length > 0 ? `use ${others.join(' or ')}` : '',
        alone ? 'make a recipe for each' : '',
        recipe.model.task === undefined ? 'or write model.task if the files mislead' : '',
      ]
        .filter((part) => part !== '')
        .join('; '),
    },
  ]
}

function serves(engine: EngineDefinition, asked: readonly ModelTask[]): boolean {
  return engine.tasks.some((together) => asked.every((task) => together.includes(task)))
}

function listed({ tasks }: EngineDefinition): string {
  return [...new Set(tasks.flat())].join(', ')
}
