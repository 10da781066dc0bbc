/**
 * Go templates for families whose tools and thoughts no plain template carries; `head` is what the original writes before a
 * first question without a system text. None is taken without a comparison with the original.
 */
export function families(head: string): string[] {
  const [, standing = ''] = /^<\|im_start\|>system\n([\s\S]*?)<\|im_end\|>\n/.exec(head) ?? []
  return [taggedTools(standing), thinkingTools]
}

const tools = `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>{{ range .Tools }}
{"type": "function", "function": {{ json .Function }}}{{ end }}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`

const call = `<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>`

/** Results of tools that follow each other stand in one turn of the user; `$before` is the role before. */
const openResult = `{{- if ne $before "tool" }}{{ "<|im_start|>user" }}{{ end }}`
const closeResult = `{{- if and (eq $before "tool") (ne .Role "tool") }}{{ "<|im_end|>\\n" }}{{ end }}`

const turns = {
  user: `{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>{{ "\\n" }}`,
  tool: `{{- else if eq .Role "tool" }}
${openResult}{{ "\\n<tool_response>\\n" }}{{ .Content }}{{ "\\n</tool_response>" }}`,
  end: `{{- end }}
{{- $before = .Role }}
{{- end }}
{{- if eq $before "tool" }}{{ "<|im_end|>\\n" }}{{ end }}`,
} as const

/** Qwen 2.5 and what was made of it: tools as JSON in tags, and a standing system text. */
function taggedTools(standing: string): string {
  return `{{- $before := "" }}
{{- "<|im_start|>system\\n" }}{{ if .System }}{{ .System }}{{ else }}${literal(standing)}{{ end }}
{{- if .Tools }}{{ "\\n\\n" }}${tools}{{ end }}<|im_end|>
{{ range $i, $_ := .Messages }}
${closeResult}
${turns.user}
{{- else if eq .Role "assistant" }}<|im_start|>assistant
{{- if or .Content (not .ToolCalls) }}{{ "\\n" }}{{ .Content }}{{ end }}
{{- range .ToolCalls }}
${call}{{ end }}
{{- if lt 1 (len (slice $.Messages $i)) }}<|im_end|>{{ "\\n" }}{{ end }}
${turns.tool}
${turns.end}
{{- if ne $before "assistant" }}<|im_start|>assistant{{ "\\n" }}{{ end }}`
}

/** Qwen 3: thoughts stay in the prompt only after the last question, and an empty one says that none is wanted. */
const thinkingTools = `{{- $before := "" }}{{ $question := -1 }}
{{- range $i, $_ := .Messages }}{{ if eq .Role "user" }}{{ $question = $i }}{{ end }}{{ end }}
{{- if or .System .Tools }}<|im_start|>system
{{ .System }}{{ if .Tools }}{{ if .System }}{{ "\\n\\n" }}{{ end }}${tools}{{ end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
${closeResult}
${turns.user}
{{- else if eq .Role "assistant" }}<|im_start|>assistant
{{ if and .Thinking (gt $i $question) }}<think>
{{ .Thinking }}
</think>

{{ end }}{{ .Content }}
{{- $content := .Content }}
{{- range $n, $_ := .ToolCalls }}{{ if or $content (gt $n 0) }}{{ "\\n" }}{{ end }}${call}{{ end }}
{{- if lt 1 (len (slice $.Messages $i)) }}<|im_end|>{{ "\\n" }}{{ end }}
${turns.tool}
${turns.end}
{{- if ne $before "assistant" }}<|im_start|>assistant
{{ if and .IsThinkSet (not .Think) }}<think>

</think>

{{ end }}{{ end }}`

function literal(text: string): string {
  return text === '' ? '' : `{{ ${JSON.stringify(text)} }}`
}
