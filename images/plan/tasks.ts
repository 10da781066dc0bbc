import type { ModelTask } from '../../recipes/tasks.ts'
import type { Deployment, EngineDefinition, Refusal } from '../engines/engine.ts'
import { engines } from '../engines/engines.ts'
import { tasksOfPart } from '../engines/part-probes.ts'
import { partsOf } from '../engines/parts.ts'
import { generates } from '../engines/tasks.ts'

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

/** Parts that only a model which generates has: an adapter is known by its answers, and a drafter guesses tokens. */
export function partTaskRefusals({ recipe, tasks }: Pick<Deployment, 'tasks' | 'recipe'>): Refusal[] {
  if (generates(tasks)) return []
  return recipe.parts.flatMap((part, index): Refusal[] => {
    if (part.role !== 'adapter' && part.role !== 'drafter') return []
    const path = `parts.${index}.role`
    const found = `the model is served for ${tasks.join(' and ')} and generates no tokens`
    return part.role === 'drafter'
      ? [{ path, found: `${found}, which a drafter would guess`, hint: 'leave the part out' }]
      : [
          {
            path,
            found: `${found} by which an adapter could be proven`,
            hint: 'merge the adapter into the model and name the result in weights.source',
          },
        ]
  })
}

/** Further models that are for what the engine does not serve, by what their own files say. */
export function furtherTaskRefusals({ engine, parts }: Pick<Deployment, 'engine' | 'parts'>): Refusal[] {
  return partsOf({ parts }, 'model').flatMap((one) => {
    const tasks = tasksOfPart(one)
    if (one.pinned === null || serves(engine, tasks)) return []
    return [
      {
        path: `parts.${parts.findIndex(({ part }) => part === one.part)}`,
        found: `the model ${one.part.name} is for ${tasks.join(' and ')}, as its files say, and ${engine.title} serves ${listed(engine)}`,
        hint: 'make an image of its own for it, by an engine that serves that',
      },
    ]
  })
}

function serves(engine: EngineDefinition, asked: readonly ModelTask[]): boolean {
  return engine.tasks.some((together) => asked.every((task) => together.includes(task)))
}

function listed({ tasks }: EngineDefinition): string {
  return [...new Set(tasks.flat())].join(', ')
}
