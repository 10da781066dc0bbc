import { expect, test, vi } from 'vitest'
import { quantizationTable as sglang } from '../../../images/engines/sglang/quantizations.ts'
import { quantizationTable as vllm } from '../../../images/engines/vllm/quantizations.ts'
import { type NameList, nameLists, readNames } from '../../tools/quantizations.ts'

// Some hundred kilobytes of each wheel are read, over whatever line there is.
vi.setConfig({ testTimeout: 120_000 })

const tables = { vllm, sglang }

// The oldest and the two newest: each costs some seconds of the line.
const cases = nameLists.flatMap((list: NameList) =>
  [...list.versions.slice(0, 1), ...list.versions.slice(-2)].map((version) => ({ list, version })),
)

test.each(nameLists)('the table of $distribution has every version that the tool reads', (list: NameList) => {
  const table = tables[list.folder as keyof typeof tables]
  expect(table.flatMap(({ versions }) => versions)).toEqual(list.versions)
})

test.each(cases)(
  'the table has what the wheel of $list.distribution $version lists',
  async ({ list, version }) => {
    // Every list of the tool has a table of its folder's name.
    const table = tables[list.folder as keyof typeof tables]
    const names = await readNames(list, version)
    expect(names).toEqual(table.find(({ versions }) => versions.includes(version))?.names)
  },
)

test('what left vLLM by 0.33.0 is gone, and SGLang keeps it', async () => {
  const [ofVllm, ofSglang] = nameLists
  const names = await readNames(ofVllm, '0.33.0')
  expect(names).toHaveLength(30)
  expect(names).not.toContain('bitsandbytes')
  expect(names).not.toContain('gguf')
  const others = await readNames(ofSglang, '0.5.23')
  expect(others).toHaveLength(31)
  expect(others).toEqual(expect.arrayContaining(['bitsandbytes', 'gguf', 'w4afp8', 'modelopt_fp8']))
})
