import { expect, test, vi } from 'vitest'
import { flags as flagsOfSglang } from '../../../images/engines/sglang/flags.ts'
import * as sglang from '../../../images/engines/sglang/names.ts'
import { flags as flagsOfVllm } from '../../../images/engines/vllm/flags.ts'
import * as vllm from '../../../images/engines/vllm/names.ts'
import { kinds, readNames, versionsOf } from '../../tools/engine-names.ts'

// Some hundred kilobytes of each wheel are read, over whatever line there is.
vi.setConfig({ testTimeout: 120_000 })

const tables = { vllm: { ...vllm, flags: flagsOfVllm }, sglang: { ...sglang, flags: flagsOfSglang } }
const engines = ['vllm', 'sglang'] as const

/** The names of a version, by following the changes up to it. */
function namesAt(history: typeof flagsOfVllm, version: string): string[] {
  const names = new Set<string>()
  for (const [versions, added, gone] of history) {
    for (const name of gone.split(/\s+/)) names.delete(name)
    for (const name of added.split(/\s+/)) if (name !== '') names.add(name)
    if (versions.split(/\s+/).includes(version)) break
  }
  return [...names].sort()
}

const cases = engines.flatMap((engine) =>
  [versionsOf(engine)[0], versionsOf(engine).at(-1)].map((version = '') => [engine, version] as const),
)

test.each(engines)('the tables of %s have every version that the tool reads', (engine) => {
  for (const kind of kinds)
    expect(tables[engine][kind].flatMap(([versions]) => versions.split(/\s+/).filter(Boolean))).toEqual(
      versionsOf(engine),
    )
})

test.each(cases)('the tables have what the wheel of %s %s says', async (engine, version) => {
  const names = await readNames(engine, version)
  for (const kind of kinds) expect(namesAt(tables[engine][kind], version)).toEqual(names[kind])
})

test('vLLM 0.33.0 and SGLang 0.5.23 know these', async () => {
  const [ofVllm, ofSglang] = [await readNames('vllm', '0.33.0'), await readNames('sglang', '0.5.23')]
  expect([ofVllm.toolCallParsers.length, ofVllm.reasoningParsers.length]).toEqual([58, 42])
  expect([ofSglang.toolCallParsers.length, ofSglang.reasoningParsers.length]).toEqual([45, 37])
  // A flag of each of the files that are read.
  expect(ofVllm.flags).toEqual(
    expect.arrayContaining(['max-model-len', 'tool-call-parser', 'headless', 'port']),
  )
  expect(ofSglang.flags).toEqual(
    expect.arrayContaining(['model-path', 'tool-call-parser', 'ep-size', 'config']),
  )
})
