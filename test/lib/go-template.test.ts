import { expect, test } from 'vitest'
import { parseGoTemplate } from '../../lib/go-template/parser.ts'
import { renderGoTemplate } from '../../lib/go-template/render.ts'
import type { GoValue } from '../../lib/go-template/value.ts'

const message = (role: string, content: string): GoValue => ({
  type: 'struct',
  fields: { Role: role, Content: content },
})

const data: GoValue = {
  type: 'map',
  entries: {
    System: 'S',
    Empty: '',
    Flag: true,
    Messages: {
      type: 'list',
      items: [message('user', 'hi'), message('assistant', 'ho'), message('user', 'bye')],
    },
    Map: { type: 'map', entries: { b: '2', a: '1' }, json: '{"a":"1","b":"2"}' },
    Tool: { type: 'struct', fields: { Name: 'f' }, json: '{"name":"f"}' },
    None: { type: 'list', items: [] },
  },
}

const render = (template: string) => renderGoTemplate(parseGoTemplate(template), data)

// Each was written by Go 1.26's text/template for the same data.
test.each([
  ['a {{- " b " -}} c', 'a b c'],
  ['{{/* a comment */}}x {{- /* trims */ -}} y', 'xy'],
  ['{{ if .Empty }}a{{ else if .Flag }}b{{ else }}c{{ end }}', 'b'],
  ['{{ .Missing }}', '<no value>'],
  ['{{ with .System }}[{{ . }}]{{ else }}-{{ end }}', '[S]'],
  ['{{ range $i, $m := .Messages }}{{ $i }}{{ $m.Role }};{{ end }}', '0user;1assistant;2user;'],
  ['{{ range .Messages }}{{ if eq .Role "assistant" }}{{ break }}{{ end }}{{ .Content }}{{ end }}', 'hi'],
  [
    '{{ range .Messages }}{{ if eq .Role "assistant" }}{{ continue }}{{ end }}{{ .Content }}{{ end }}',
    'hibye',
  ],
  ['{{ range .None }}x{{ else }}none{{ end }}', 'none'],
  ['{{ range $k, $v := .Map }}{{ $k }}={{ $v }},{{ end }}', 'a=1,b=2,'],
  ['{{ .Map }}', '{"a":"1","b":"2"}'],
  ['{{ len (slice .Messages 1) }}', '2'],
  ['{{ (index .Messages 1).Content }}', 'ho'],
  ['{{ $x := "a" }}{{ if .Flag }}{{ $x = "b" }}{{ end }}{{ $x }}', 'b'],
  ['{{ $x := "a" }}{{ if .Flag }}{{ $x := "b" }}{{ end }}{{ $x }}', 'a'],
  ['{{ and .Flag .Empty }}|{{ or .Empty .System }}|{{ not .Empty }}', '|S|true'],
  ['{{ eq .System "A" "S" }} {{ ne 1 2 }} {{ gt (len .Messages) 2 }} {{ le 2 1 }}', 'true true true false'],
  ['{{ .System | print "x" }}', 'xS'],
  ['{{ range .Messages }}{{ $.System }}{{ end }}', 'SSS'],
  ['{{ `raw {{ "` }}', 'raw {{ "'],
  ['{{ "\\n\\t\\u00e9\\"" }}', '\n\té"'],
  ['{{ json .System }}{{ json .Tool }}', '"S"{"name":"f"}'],
])('%s', (template, text) => {
  expect(render(template)).toBe(text)
})

test.each([
  ['{{ if .Flag }}', 'an {{ end }} is missing'],
  ['{{ end }}', 'closes nothing'],
  ['{{ .System', 'not understood'],
  ['{{ }}', 'empty'],
  ['{{ (.System }}', 'bracket'],
  ['{{ .System) }}', 'bracket'],
  ['{{ currentDate }}', 'currentDate is not held'],
  ['{{ constructor }}', 'constructor is not held'],
  ['{{ template "x" }}', 'not held'],
  ['{{ $y }}', 'not declared'],
  ['{{ range .Messages }}{{ .Nothing }}{{ end }}', '.Nothing'],
  ['{{ eq .System 1 }}', 'different kinds'],
  ['{{ .Messages }}', 'a list is written'],
  // Go dumps it as {f}.
  ['{{ .Tool }}', 'a struct is written'],
  ['{{ index .Messages 7 }}', 'outside'],
])('%s is refused', (template, reason) => {
  expect(() => render(template)).toThrow(reason)
})
