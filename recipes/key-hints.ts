/** Words that people write as keys, with what they name in a recipe. Case and what parts words do not count. */
const meanings: readonly [words: RegExp, hint: string][] = [
  [
    /^(enable)?(peft)?(lora|adapter)s?(modules?|adapters?|paths?)?$|^peft$/,
    'an adapter is a part: `parts: [{ role: adapter, name: NAME, source: … }]` (docs/parts.md)',
  ],
  [
    /^(spec|speculative|speculator)(decoding|config|model)?$|^(draft|drafter|draftmodel|eagle3?|mtp|medusa)$/,
    'a drafter is a part: `parts: [{ role: drafter, source: … }]` (docs/parts.md)',
  ],
  [
    /^(mmproj|(mm|vision)?projector)$/,
    'a projector is a part: `parts: [{ role: projector, source: … }]` (docs/parts.md)',
  ],
  [
    /^(embed|embeddings?|embedder|pooling)$/,
    'what a model is served for stands at `model.task: embedding` (docs/engines.md)',
  ],
  [/^rerank(er|ing)?$/, 'what a model is served for stands at `model.task: rerank` (docs/engines.md)'],
  [
    /^(vision|multimodal|images?input)$/,
    'what a model is served for stands at `model.task: vision` (docs/engines.md)',
  ],
  [
    /^(transcriptions?|transcribe|asr|speechtotext)$/,
    'what a model is served for stands at `model.task: transcription` (docs/engines.md)',
  ],
  [/^(tasks?|pipelinetag)$/, 'what a model is served for stands at `model.task` (docs/engines.md)'],
]

/** Where a recipe says what an unknown key is a word for; undefined for a word that is none. */
export function keyHint(key: string): string | undefined {
  const word = key.toLowerCase().replaceAll(/[-_ ]/g, '')
  return meanings.find(([words]) => words.test(word))?.[1]
}
