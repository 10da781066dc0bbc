import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { flags, variables } from '../../../images/engines/llama-cpp/names.ts'
import { namesByVersion } from '../../../images/engines/name-history.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { IngotError } from '../../../lib/error.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { llamaNames } from '../../tools/llama-flags.ts'
import { lockFor, recipeFor } from './fixtures.ts'

interface Asked {
  version?: string
  items?: string[]
  environment?: Record<string, string>
  change?: (recipe: Recipe) => void
}

function planned(id: EngineId, { version, items = [], environment = {}, change }: Asked) {
  const recipe = recipeFor(id, (draft) => {
    draft.serving.extraArguments = items
    Object.assign(draft.serving.environment, environment)
    change?.(draft)
  })
  const lock = lockFor(recipe)
  return planImage(recipe, { ...lock, engine: { id, version: version ?? lock.engine.version } })
}

test.each<[EngineId, Asked, RegExp]>([
  [
    'llama-cpp',
    { items: ['--flash-attention', 'on'] },
    /extraArguments\.0.*llama\.cpp 0\.7\.0 has no flag "--flash-attention"/s,
  ],
  [
    'llama-cpp',
    { items: ['--threads', '2', '-ngll', '5'] },
    /extraArguments\.2.*no flag "-ngll".*did you mean "-ngl"/s,
  ],
  ['llama-cpp', { items: ['--ctx-checkpoint', '4'] }, /did you mean "--ctx-checkpoints"/],
  ['llama-cpp', { environment: { LLAMA_ARG_TREADS: '2' } }, /environment\.LLAMA_ARG_TREADS.*no variable/s],
  ['tgi', { items: ['--quantise', 'awq'] }, /TGI 3\.3\.7 has no flag "--quantise".*did you mean/s],
  ['tgi', { items: ['--max-loras=2'] }, /no flag "--max-loras"/],
])('%s surely lacks what %j names', (id, asked, words) => {
  let told = ''
  try {
    planned(id, asked)
  } catch (error) {
    if (error instanceof IngotError) told = `${error.message} ${error.hint}`
  }
  expect(told).toMatch(words)
})

test.each<[EngineId, Asked]>([
  [
    'llama-cpp',
    { items: ['--threads', '2', '-fa', 'on', '-ngl', '0', '--cache_reuse', '4', '--seed', '-1'] },
  ],
  ['llama-cpp', { environment: { LLAMA_ARG_THREADS: '2', LLAMA_ARG_NO_CONTEXT_SHIFT: '1', ACME: 'x' } }],
  ['tgi', { items: ['--max-concurrent-requests', '64', '--json-output', '-g', '9001'] }],
])('%s has what %j names', (id, asked) => {
  expect(planned(id, asked).doubts ?? []).not.toContainEqual(expect.stringMatching(/has the (flag|variable)/))
})

test('of a version that nobody read it is a doubt, and so is what an own base may bring', () => {
  const items = ['--flash-attention', 'on']
  expect(planned('llama-cpp', { version: '0.99.0', items }).doubts).toContainEqual(
    expect.stringMatching(
      /whether llama\.cpp 0\.99\.0 has the flag "--flash-attention" is not known.*up to 0\.7\.0/,
    ),
  )
  const change = (recipe: Recipe) => {
    recipe.image.base = 'ghcr.io/acme/tgi-fork:3.3.7'
  }
  expect(planned('tgi', { items: ['--acme'], change }).doubts).toContainEqual(
    expect.stringContaining('TGI 3.3.7 itself has no flag "--acme"'),
  )
})

test('the list has every flag and variable that ingot writes, reads or reserves', () => {
  const engine = engineOf('llama-cpp')
  const has = (history: typeof flags) => new Set(namesByVersion(history).at(-1)?.names)
  const [knownFlags, knownVariables] = [has(flags), has(variables)]
  // Names of earlier and later versions, which are refused or read where they exist.
  const others = /^(--chunks|--rewrite)$|^LLAMA_(OFFLINE|API_KEY)$|_(NO_.*|WEBUI|MODEL_DRAFT)$/
  const names = [
    ...(engine.reserved.flags ?? []).flatMap((flag) => flag.names),
    ...engine.memoryFlags.flatMap((flag) => [...flag.names, ...(flag.variables ?? [])]),
    ...Object.keys(engine.reserved.variables).filter((name) => name.startsWith('LLAMA_')),
    ...(planned('llama-cpp', {}).config.Entrypoint ?? []).filter(
      (word) => /^--[a-z]/.test(word) && word !== '--rewrite',
    ),
  ]
  expect(names.length).toBeGreaterThan(80)
  const lost = names.filter(
    (name) => !knownFlags.has(name) && !knownVariables.has(name) && !others.test(name),
  )
  expect(lost).toEqual([])
})

test('names are read out of a manual page and a library', () => {
  const page =
    '.PP\n\\fB\\-ngl\\fR,  \\fB\\-\\-gpu\\-layers\\fR N   layers (see \\-\\-fit.)\n(env: LLAMA_ARG_N_GPU_LAYERS)'
  const library = Buffer.from('\0--spec-type\0x--no\0--cut-\0LLAMA_ARG_SPEC\0')
  expect(llamaNames({ page, library })).toEqual({
    flags: ['--fit', '--gpu-layers', '--spec-type', '-ngl'],
    variables: ['LLAMA_ARG_N_GPU_LAYERS', 'LLAMA_ARG_SPEC'],
  })
})
