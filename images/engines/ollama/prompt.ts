import type { GoNode, Operand, Pipe } from '../../../lib/go-template/node.ts'
import { parseGoTemplate } from '../../../lib/go-template/parser.ts'
import { renderGoTemplate } from '../../../lib/go-template/render.ts'
import { type GoValue, goJson, goJsonInOrder, templateError } from '../../../lib/go-template/value.ts'
import type { Chat, ChatMessage, ChatTool } from './chat.ts'

/**
 * The prompt that Ollama makes of a chat with a Go template: by messages where the template reads `.Messages`, else turn by
 * turn with `.System`, `.Prompt` and `.Response`. Throws for a template that Ollama or this renderer does not take.
 */
export function ollamaPrompt(template: string, chat: Chat): string {
  const nodes = withResponse(parseGoTemplate(template))
  const messages = collated(chat.messages)
  return fieldsOf(nodes).includes('messages')
    ? renderGoTemplate(nodes, byMessages(chat, messages))
    : byTurns(nodes, chat, messages)
}

/** Whether a template reads `.Tools` or `.Thinking`: by that Ollama tells what a model can do, and refuses the rest. */
export function reads(template: string, field: 'tools' | 'thinking'): boolean {
  return fieldsOf(parseGoTemplate(template)).includes(field)
}

function byMessages(chat: Chat, messages: readonly ChatMessage[]): GoValue {
  return mapOf({
    System: systemOf(chat.messages),
    Messages: { type: 'list', items: messages.map(messageValue) },
    Tools: toolsValue(chat.tools ?? []),
    Response: '',
    ...thinkOf(chat),
  })
}

function byTurns(nodes: readonly GoNode[], chat: Chat, messages: readonly ChatMessage[]): string {
  const out: string[] = []
  let turn = { System: '', Prompt: '', Response: '' }
  const flush = (from: readonly GoNode[]) => {
    out.push(renderGoTemplate(from, mapOf({ ...turn, ...thinkOf(chat) })))
    turn = { System: '', Prompt: '', Response: '' }
  }
  for (const { role, content } of messages) {
    if (role === 'system') {
      if (turn.Prompt !== '' || turn.Response !== '') flush(nodes)
      turn.System = content
    } else if (role === 'user') {
      if (turn.Response !== '') flush(nodes)
      turn.Prompt = content
    } else if (role === 'assistant') turn.Response = content
  }
  flush(untilResponse(nodes).nodes)
  return out.join('')
}

function thinkOf({ think }: Chat): Record<string, GoValue> {
  return { Think: think === true, ThinkLevel: '', IsThinkSet: think !== undefined }
}

function mapOf(entries: Record<string, GoValue>): GoValue {
  return { type: 'map', entries }
}

function systemOf(messages: readonly ChatMessage[]): string {
  return messages.flatMap(({ role, content }) => (role === 'system' ? [content] : [])).join('\n\n')
}

/** Neighbours of one role become one message, besides results of tools. */
function collated(messages: readonly ChatMessage[]): ChatMessage[] {
  const done: ChatMessage[] = []
  for (const message of messages) {
    const last = done.at(-1)
    if (last === undefined || last.role !== message.role || message.role === 'tool') done.push(message)
    else done.splice(-1, 1, { ...last, content: `${last.content}\n\n${message.content}` })
  }
  return done
}

function messageValue(message: ChatMessage): GoValue {
  const calls = (message.toolCalls ?? []).map((call, index): GoValue => {
    const fields = { Index: index, Name: call.name, Arguments: argumentsValue(call.arguments) }
    return { type: 'struct', fields: { ID: '', Function: { type: 'struct', fields } } }
  })
  return {
    type: 'struct',
    fields: {
      Role: message.role,
      Content: message.content,
      Thinking: message.thinking ?? '',
      Images: { type: 'list', items: [] },
      ToolCalls: { type: 'list', items: calls },
      ToolName: message.toolName ?? '',
      ToolCallID: '',
    },
  }
}

function argumentsValue(entries: Readonly<Record<string, string>>): GoValue {
  return { type: 'map', entries, json: goJson(entries) }
}

function toolsValue(tools: readonly ChatTool[]): GoValue {
  return { type: 'list', items: tools.map(toolValue), json: goJsonInOrder(tools.map(toolJson)) }
}

/** A tool in OpenAI's form, with its members in the order in which Go writes them. */
export function toolJson({ name, description, parameters }: ChatTool) {
  const properties = Object.fromEntries(
    Object.entries(parameters).map(([key, text]) => [key, { type: 'string', description: text }]),
  )
  return {
    type: 'function',
    function: {
      name,
      description,
      parameters: { type: 'object', required: Object.keys(parameters), properties },
    },
  }
}

function toolValue(tool: ChatTool): GoValue {
  const json = toolJson(tool)
  const { parameters } = json.function
  const fields: Record<string, GoValue> = {
    Name: tool.name,
    Description: tool.description,
    Parameters: {
      type: 'struct',
      fields: { Type: 'object', Required: { type: 'list', items: parameters.required } },
      json: goJsonInOrder(parameters),
    },
  }
  return {
    type: 'struct',
    fields: { Type: 'function', Function: { type: 'struct', fields, json: goJsonInOrder(json.function) } },
    json: goJsonInOrder(json),
  }
}

/** Ollama puts `{{ .Response }}` after a template that reads neither it nor `.Messages`. */
function withResponse(nodes: GoNode[]): GoNode[] {
  const fields = fieldsOf(nodes)
  if (fields.includes('messages') || fields.includes('response')) return nodes
  const commands: Operand[][] = [[{ type: 'field', path: ['Response'] }]]
  return [...nodes, { type: 'action', pipe: { variables: [], isNew: false, commands } }]
}

/** Names of every field that a template reads, in small letters as Ollama compares them. */
function fieldsOf(nodes: readonly GoNode[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === 'action') return fieldsOfPipe(node.pipe)
    if (!('body' in node)) return []
    return [...fieldsOfPipe(node.pipe), ...fieldsOf(node.body), ...fieldsOf(node.otherwise ?? [])]
  })
}

function fieldsOfPipe(pipe: Pipe): string[] {
  return pipe.commands.flat().flatMap((operand) => {
    const names = 'path' in operand ? operand.path.map((name) => name.toLowerCase()) : []
    return operand.type === 'group' ? [...fieldsOfPipe(operand.pipe), ...names] : names
  })
}

/** The part of a template before what ends an answer: for the last turn Ollama drops every node after the first `.Response`. */
function untilResponse(nodes: readonly GoNode[]): { nodes: GoNode[]; isCut: boolean } {
  const kept: GoNode[] = []
  for (const node of nodes) {
    if (node.type === 'action') {
      kept.push(node)
      if (fieldsOfPipe(node.pipe).includes('response')) return { nodes: kept, isCut: true }
    } else if ('body' in node) {
      const inner = untilResponse(node.body)
      if (inner.isCut && node.otherwise !== null)
        throw templateError('{{ else }} follows .Response, which stops Ollama')
      const otherwise = node.otherwise && untilResponse(node.otherwise)
      kept.push({ ...node, body: inner.nodes, otherwise: otherwise?.nodes ?? null })
      if (inner.isCut || otherwise?.isCut) return { nodes: kept, isCut: true }
    } else kept.push(node)
  }
  return { nodes: kept, isCut: false }
}
