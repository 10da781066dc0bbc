#!/usr/bin/env bash
# Packages: @huggingface/tokenizers 0.2.0 (npm) and tokenizers 0.23.3 (PyPI), which read the same tokenizer.json.
# Behaviour: the first cuts some texts elsewhere and gives other ids, without an error. `Whitespace` ends a word at each letter outside ASCII; a `Split` that
# merges with its neighbour, or contiguous ones, cuts as if it said `Isolated`; an added token with `single_word` is found inside of words as well.
# A `Split` that says `Isolated` and the byte-level cut agree.
# Who meets it: whoever counts or sends tokens from JavaScript for a model that is served from Python: other counts, and other prompts for the model.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install tokenizers==0.23.3
npm init --yes > npm.log
npm install --no-audit --no-fund @huggingface/tokenizers@0.2.0 >> npm.log

cat > cases.py <<'SCRIPT'
import json
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

text = "São Paulo, the aeon of foobar and foo"


def bytes_after(first):
    return pre_tokenizers.Sequence([first, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def split(pattern, behavior):
    return bytes_after(pre_tokenizers.Split(pattern, behavior))


cases = {
    "byte level": (pre_tokenizers.ByteLevel(add_prefix_space=False), []),
    "Split, isolated": (split(Regex(r"\p{L}+| "), "isolated"), []),
    "Whitespace": (bytes_after(pre_tokenizers.Whitespace()), []),
    "Split, merged with next": (split(" ", "merged_with_next"), []),
    "Split, merged with previous": (split(" ", "merged_with_previous"), []),
    "Split, contiguous": (split(Regex("[aeiou]"), "contiguous"), []),
    "single word": (pre_tokenizers.ByteLevel(add_prefix_space=False), [AddedToken("foo", single_word=True)]),
}
rows = []
for name, (pre_tokenizer, added) in cases.items():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator([text] * 9, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_tokens(added)
    seen = tokenizer.encode(text)
    rows.append({"name": name, "file": json.loads(tokenizer.to_str()), "ids": seen.ids, "tokens": seen.tokens})
json.dump({"text": text, "rows": rows}, open("cases.json", "w"))
SCRIPT
cat > compare.mjs <<'SCRIPT'
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'

const { text, rows } = JSON.parse(readFileSync('cases.json', 'utf8'))
for (const { name, file, ids, tokens } of rows) {
  const seen = new Tokenizer(file, {}).encode(text)
  const same = JSON.stringify(seen.ids) === JSON.stringify(ids)
  console.log(`${same ? 'same' : 'other'} ids, ${name}: ${tokens.join('|')}${same ? '' : `\n    in JavaScript: ${seen.tokens.join('|')}`}`)
}
SCRIPT

venv/bin/pip list --disable-pip-version-check 2> /dev/null | grep '^tokenizers '
npm ls @huggingface/tokenizers | grep tokenizers
venv/bin/python cases.py
node compare.mjs | tee seen.txt
test "$(grep -c '^same ids, \(byte level\|Split, isolated\): ' seen.txt)" = 2
test "$(grep -c '^other ids, \(Whitespace\|Split, merged with next\|Split, merged with previous\|Split, contiguous\|single word\): ' seen.txt)" = 5
