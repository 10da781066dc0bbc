#!/usr/bin/env bash
# Package: github.com/ollama/ollama v0.12.0 and v0.32.15 (Go), its template package, which writes the prompts of models in Go's template
# language.
# Behaviour: `{{ .Function }}` of a tool printed JSON in 0.12.0 (and 0.6.8). In 0.32.15 (and 0.17.4) it prints the fields of a Go
# value in braces; `{{ json .Function }}` prints JSON in all of them. Templates that were written for the earlier versions send
# lists of tools that no model was taught, and nothing says so.
# Who meets it: whoever keeps a Go template of a model with tools, such as those that converters from Jinja have in their tables.
# Needs Go; the modules of Ollama are some hundred megabytes.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'PROGRAM'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
)

const tools = `[{"type":"function","function":{"name":"weather","description":"Weather of a city",
"parameters":{"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"a city"}}}}}]`

func main() {
	for _, form := range []string{"{{ .Function }}", "{{ json .Function }}"} {
		parsed, err := template.Parse("{{ range .Tools }}" + form + "{{ end }}{{ range .Messages }}{{ end }}")
		if err != nil {
			panic(err)
		}
		var values template.Values
		if err := json.Unmarshal([]byte(tools), &values.Tools); err != nil {
			panic(err)
		}
		values.Messages = []api.Message{{Role: "user", Content: "Is it raining?"}}
		fmt.Fprintf(os.Stdout, "%s gives ", form)
		if err := parsed.Execute(os.Stdout, values); err != nil {
			panic(err)
		}
		fmt.Println()
	}
}
PROGRAM

for version in v0.12.0 v0.32.15; do
  rm -f go.mod go.sum
  go mod init example.test/tools >> go.log 2>&1
  go get "github.com/ollama/ollama@$version" >> go.log 2>&1
  go mod tidy >> go.log 2>&1
  go list -m github.com/ollama/ollama
  go run . | tee "seen-$version"
done
grep -q '^{{ \.Function }} gives {"name":"weather",' seen-v0.12.0
grep -q '^{{ \.Function }} gives {weather Weather of a city {' seen-v0.32.15
grep -q '^{{ json \.Function }} gives {"name":"weather",' seen-v0.12.0
grep -q '^{{ json \.Function }} gives {"name":"weather",' seen-v0.32.15
