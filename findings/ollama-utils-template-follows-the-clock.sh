#!/usr/bin/env bash
# Package: @huggingface/ollama-utils 0.0.18 (npm), which turns a GGUF's Jinja chat template into Ollama's Go template.
# Behaviour: a template that calls `strftime_now` is rendered at the moment of the conversion, so the day of the conversion
# stands in the result as plain text, for ever. The marks that begin a message become stop words as well, and a model whose
# answer opens with such a mark is stopped at its first token.
# Who meets it: whoever converts a template once and serves it for months, or compares two conversions of one file by hash.
# Seen with a template in the manner of models that open each part with a role mark. No network is used after the install.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > npm.log
npm install --no-audit --no-fund @huggingface/ollama-utils@0.0.18 >> npm.log

cat > convert.mjs <<'SCRIPT'
import { convertGGUFTemplateToOllama } from '@huggingface/ollama-utils'

const chat_template = [
  '<|start|>system<|message|>Today is {{ strftime_now("%Y-%m-%d") }}.<|end|>',
  '{% for message in messages %}<|start|>{{ message.role }}<|message|>{{ message.content }}<|end|>{% endfor %}',
  '{% if add_generation_prompt %}<|start|>assistant{% endif %}',
].join('')
const { ollama } = convertGGUFTemplateToOllama({ chat_template, bos_token: '', eos_token: '<|end|>' })
const today = new Date().toISOString().slice(0, 10)
console.log(`template: ${ollama.template}`)
console.log(`stop words: ${ollama.params.stop.join('  ')}`)
console.log(`the day of the conversion is in the template: ${ollama.template.includes(today)}`)
console.log(`a role mark is a stop word: ${ollama.params.stop.includes('<|message|>')}`)
SCRIPT

npm ls @huggingface/ollama-utils | grep ollama-utils
TZ=UTC node convert.mjs | tee seen.txt
grep -qx 'the day of the conversion is in the template: true' seen.txt
grep -qx 'a role mark is a stop word: true' seen.txt
