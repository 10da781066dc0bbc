#!/usr/bin/env bash
# Package: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of models in JavaScript.
# Behaviour: it declares `strftime_now` by itself, with the clock of the machine, and `Template.render` refuses a context that
# has a function of that name. So a template that writes today's date cannot be rendered for another day through the usual
# call, and two days give two prompts.
# Who meets it: whoever compares prompts with recorded ones, or caches by the text of a prompt. The way out is to build an
# Environment without the function and to run the Interpreter by hand.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > npm.log
npm install --no-audit --no-fund @huggingface/jinja@0.5.11 >> npm.log

cat > render.mjs <<'SCRIPT'
import { Environment, Interpreter, Template, parse, tokenize } from '@huggingface/jinja'

const text = 'Today is {{ strftime_now("%Y-%m-%d") }}.'
const fixed = () => '2024-07-26'

console.log(`by itself: ${new Template(text).render({})}`)
try {
  console.log(`with a date of ours: ${new Template(text).render({ strftime_now: fixed })}`)
} catch (error) {
  console.log(`with a date of ours: refused, ${error.message}`)
}
const environment = new Environment()
environment.set('strftime_now', fixed)
const program = parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }))
console.log(`by hand: ${new Interpreter(environment).run(program).value}`)
SCRIPT

npm ls @huggingface/jinja | grep jinja
node render.mjs | tee seen.txt
grep -qx "by itself: Today is $(date +%Y-%m-%d)\." seen.txt
grep -q '^with a date of ours: refused, .*already declared' seen.txt
grep -qx 'by hand: Today is 2024-07-26\.' seen.txt
