/** A message as OpenAI's and Ollama's interfaces take it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  thinking?: string
  toolCalls?: readonly { name: string; arguments: Readonly<Record<string, string>> }[]
  toolName?: string
}

export interface ChatTool {
  name: string
  description: string
  /** Texts by name, all of them required; in alphabetical order, which is Go's. */
  parameters: Readonly<Record<string, string>>
}

/** One conversation that is rendered by a model's own template and by Ollama's, to compare them. */
export interface Chat {
  title: string
  messages: readonly ChatMessage[]
  tools?: readonly ChatTool[]
  /** Absent where nobody asks for or against it. */
  think?: boolean
}

const system = { role: 'system', content: 'You answer <briefly> & "well".' } as const
const question = { role: 'user', content: 'What is {{ 6 * 7 }}?\n\nSay it in words.' } as const
const answer = { role: 'assistant', content: 'It is "forty-two".' } as const
const second = { role: 'user', content: "And what's 1 + 1?" } as const
const secondAnswer = { role: 'assistant', content: 'Two,\nof course.' } as const
const third = { role: 'user', content: 'Thanks. Bye!' } as const

/** No text begins or ends with a blank: many originals trim there, and Go templates cannot. */
export const plainChats: readonly Chat[] = [
  { title: 'one question', messages: [question] },
  { title: 'a system text and a question', messages: [system, question] },
  { title: 'two turns', messages: [question, answer, second] },
  { title: 'a system text and two turns', messages: [system, question, answer, second] },
  {
    title: 'a system text and three turns',
    messages: [system, question, answer, second, secondAnswer, third],
  },
]

export const blankChats: readonly Chat[] = [
  {
    title: 'texts with blanks around them',
    messages: [
      { role: 'system', content: '  Be brief. \n' },
      { role: 'user', content: '\n  Hello?  ' },
      { role: 'assistant', content: ' Hi. \n\n' },
      { role: 'user', content: ' \tBye.\n' },
    ],
  },
]

const tools: readonly ChatTool[] = [
  {
    name: 'weather',
    description: 'Weather of a city',
    parameters: { city: 'Name of the city', day: 'A day' },
  },
  { name: 'clock', description: 'Time at a place', parameters: { place: 'Where' } },
]
const asked = { role: 'user', content: 'How is the weather in Oslo?' } as const
const called = {
  role: 'assistant',
  content: '',
  toolCalls: [{ name: 'weather', arguments: { city: 'Oslo', day: 'today' } }],
} as const
const calledTwice = {
  role: 'assistant',
  content: 'I look it up.',
  toolCalls: [
    { name: 'weather', arguments: { city: 'Oslo', day: 'today' } },
    { name: 'clock', arguments: { place: 'Oslo' } },
  ],
} as const
const result = { role: 'tool', content: 'Rain at 4 degrees', toolName: 'weather' } as const

const secondResult = { role: 'tool', content: '12:30', toolName: 'clock' } as const

export const toolChats: readonly Chat[] = [
  { title: 'tools', tools, messages: [asked] },
  { title: 'tools and a system text', tools, messages: [system, asked] },
  { title: 'tools after two turns', tools, messages: [question, answer, asked] },
  { title: 'a tool that was called', tools, messages: [asked, called, result] },
  {
    title: 'a tool that was called after a thought',
    tools,
    messages: [asked, { ...called, thinking: 'I need the weather.' }, result],
  },
  { title: 'two tools at once', tools, messages: [asked, calledTwice, result, secondResult] },
  {
    title: 'a tool that was called, and a turn after it',
    tools,
    messages: [system, asked, called, result, { role: 'assistant', content: 'It rains.' }, third],
  },
]

const thought = { ...answer, thinking: 'Six times seven.' } as const

export const thinkingChats: readonly Chat[] = [
  { title: 'thinking', messages: [question], think: true },
  { title: 'no thinking', messages: [question], think: false },
  { title: 'thinking in an earlier turn', messages: [question, thought, second], think: true },
]
