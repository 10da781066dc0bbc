import { messageOf } from '../../../lib/error.ts'
import { optional } from '../../../lib/optional.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { partsOf } from '../parts.ts'
import { plainChats } from './chat.ts'
import { ollamaPrompt, reads } from './prompt.ts'
import { chooseTemplate, jinjaSince, type TemplateChoice } from './template.ts'

/** Every prompt is a text to go on with: what Ollama does with a model that was not taught to chat. */
const rawPrompt = { template: '{{ .Prompt }}', stop: [] }

/**
 * How Ollama is told to talk to the deployment's model: the recipe's own template, that of the Ollama manifest the weights
 * came with, or what suits the model's. Models without a chat template, such as base models and those for embeddings, get
 * prompts as they are.
 */
export function chatForm({
  recipe,
  modelfile,
  gguf,
  version,
}: Deployment): Exclude<TemplateChoice, { type: 'none' }> {
  const own = recipe.serving.ollamaTemplate
  if (own) return { type: 'go', template: { template: own.text, stop: own.stop }, capabilities: [] }
  if (modelfile?.template)
    return { type: 'go', template: { template: modelfile.template, stop: [] }, capabilities: [] }
  // Its renderer makes prompts in the template's place.
  if (modelfile?.renderer) return { type: 'go', template: rawPrompt, capabilities: [] }
  const choice = chooseTemplate(
    gguf?.chatTemplate === undefined
      ? undefined
      : {
          text: gguf.chatTemplate,
          ...optional('bosToken', gguf.bosToken),
          ...optional('eosToken', gguf.eosToken),
          ...optional('addsBos', gguf.addsBos),
        },
    version,
  )
  return choice.type === 'none' ? { type: 'go', template: rawPrompt, capabilities: [] } : choice
}

/** Whether Ollama runs the Jinja text in the GGUF, whose server behind it answers otherwise in places. */
export function runsJinja(deployment: Deployment): boolean {
  return chatForm(deployment).type === 'gguf'
}

/** What clients may ask of the model beyond text, as Ollama names it; empty for a template that cannot be read here. */
export function offers(deployment: Deployment): string[] {
  const form = chatForm(deployment)
  const hasProjector =
    deployment.files.some(({ path }) => isProjector(path)) || partsOf(deployment, 'projector').length > 0
  const told = form.type === 'go' ? readBy(form.template.template) : form.capabilities
  return [...told, ...(hasProjector ? ['vision'] : [])]
}

function readBy(template: string): string[] {
  try {
    return (['tools', 'thinking'] as const).filter((field) => reads(template, field))
  } catch {
    return []
  }
}

/** A model's part for images, a GGUF of its own beside it. */
export function isProjector(path: string): boolean {
  return /(^|\/)mmproj[^/]*\.gguf$/i.test(path)
}

/** A store that somebody else has made has its templates in it; for the others a form that is right must be known. */
export function templateRefusals(deployment: Deployment): Refusal[] {
  const { recipe, gguf } = deployment
  const isOurs = recipe.weights.delivery === 'baked' || recipe.weights.delivery === 'artifact'
  if (!isOurs) return recipe.serving.ollamaTemplate === undefined ? [] : [foreignStore]
  return [
    ...ownFaults(recipe.serving.ollamaTemplate?.text),
    ...(gguf === null ? [] : unknownForm(deployment)),
  ]
}

const foreignStore: Refusal = {
  path: 'serving.ollamaTemplate',
  found: 'the store comes from outside of the image, with its own template',
  hint: 'leave it out, or deliver the weights baked',
}

/** Faults of a template out of the recipe: it must be Go, and say today what it says tomorrow. */
function ownFaults(text: string | undefined): Refusal[] {
  if (text === undefined) return []
  const path = 'serving.ollamaTemplate.text'
  if (/\b(currentDate|yesterdayDate)\b/.test(text))
    return [
      {
        path,
        found: 'it writes the date of the day into every prompt',
        hint: 'leave currentDate and yesterdayDate out',
      },
    ]
  const [question] = plainChats
  try {
    const prompt = question ? ollamaPrompt(text, question) : ''
    if (question?.messages.every(({ content }) => prompt.includes(content))) return []
    return [
      {
        path,
        found: 'a prompt made with it lacks the question',
        hint: 'write {{ .Prompt }} or range over .Messages',
      },
    ]
  } catch (cause) {
    return [
      {
        path,
        found: messageOf(cause),
        hint: 'write it as `ollama show --template MODEL` prints those of Ollama',
      },
    ]
  }
}

function unknownForm(deployment: Deployment): Refusal[] {
  const form = chatForm(deployment)
  if (form.type !== 'unknown') return []
  const has = form.capabilities.length === 0 ? '' : ` (it has ${form.capabilities.join(' and ')})`
  return [
    {
      path: 'weights.source',
      found: `its chat template${has} is not known in Ollama\u2019s form; what can be made differs on: ${form.disagreesOn}`,
      hint: `use Ollama ${jinjaSince} or newer, which runs it as it is; or write serving.ollamaTemplate; or serve it with llama-cpp`,
    },
  ]
}
