import { describe, expect, test } from 'vitest'
import { planSlimming } from '../../../images/plan/slimming.ts'
import { ruleMatcher, type SlimPolicy } from '../../../images/slim-rules/slimming.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, lockFor, recipeFor } from '../engines/fixtures.ts'

const distributions = [
  ['triton', '3.8.0'],
  ['torch', '2.14.0'],
  ['nvidia-cusolver', '12.4.1.2'],
  ['vllm', '0.33.0'],
] as const

/** The plan of a recipe for wheels, on a GPU or on none. */
function slimmingOf(id: EngineId, change: (recipe: Recipe) => void): SlimPolicy {
  const recipe = recipeFor(id, change)
  const { runtime } = lockFor(recipe)
  const locked =
    runtime.type === 'python'
      ? {
          ...runtime,
          distributions: distributions.map(([name, version]) => ({ name, version, wheels: [] })),
        }
      : runtime
  return planSlimming(deploymentFor(recipe), { runtime: locked }, [])
}

function onGpu(gpu: string | undefined, slim: Recipe['image']['slim'] = true) {
  return slimmingOf('vllm', (recipe) => {
    recipe.engine.runtime = 'packages'
    recipe.engine.device = 'cuda'
    recipe.target.gpu = gpu
    recipe.image.slim = slim
  })
}

const ids = ({ rules }: SlimPolicy) => rules.map(({ id }) => id)

describe('GPU code', () => {
  test.each([
    ['h100', ['sm_90']],
    ['l4', ['sm_89']],
    ['b300', ['sm_103']],
    ['rtx-5090', ['sm_120']],
    ['mi300x', 'any'],
    [undefined, 'any'],
  ])('for %s leaves the code of %j', (gpu, targets) => {
    expect(onGpu(gpu).rewriting?.targets).toEqual(targets)
  })

  test('all goes from an image for CPUs', () => {
    const { rewriting } = slimmingOf('vllm', (recipe) => {
      recipe.engine.runtime = 'packages'
    })
    expect(rewriting).toEqual({ targets: [], symbols: true, bytecode: false })
  })

  test('is cut out of upstream images as well, whose bytecode gets valid for its new time', () => {
    const { rewriting } = slimmingOf('ollama', (recipe) => {
      recipe.engine.device = 'cuda'
      recipe.target.gpu = 'a100'
    })
    expect(rewriting).toEqual({ targets: ['sm_80'], symbols: true, bytecode: true })
  })

  test.each([
    ['rx-7900-xtx', ['gfx1100']],
    ['mi210', ['gfx90a']],
  ])('of Debian’s packages for ROCm leaves that of %s: %j', (gpu, targets) => {
    const { rewriting, rules } = slimmingOf('llama-cpp', (recipe) => {
      recipe.engine.device = 'rocm'
      recipe.target.gpu = gpu
    })
    expect(rewriting).toEqual({ targets, symbols: false, bytecode: false })
    const kernels = rules.find(({ id }) => id === 'rocblas-other-processors')
    const removes = kernels && ruleMatcher(kernels)
    const folder = '/usr/lib/x86_64-linux-gnu/rocblas/4.4.1/library'
    const processors = ['gfx1100', 'gfx1101', 'gfx906', 'gfx90a']
    const gone = processors.flatMap((name) => [
      `${folder}/TensileLibrary_Type_SS_Contraction_l_Ailk_Bljk_Cijk_Dijk_${name}.co`,
      `${folder}/TensileLibrary_lazy_${name}.dat`,
      `${folder}/Kernels.so-000-${name}.hsaco`,
      `${folder}/Kernels.so-000-${name}-xnack+.hsaco`,
    ])
    expect(gone.filter((path) => !removes?.(path))).toEqual(
      gone.filter((path) => path.includes(targets[0] ?? '')),
    )
    expect(removes?.(`${folder}/TensileLibrary_Type_SS_Contraction_l_Ailk_Bljk_Cijk_Dijk_fallback.dat`)).toBe(
      false,
    )
  })

  test('for ROCm all stays where the recipe names no card', () => {
    const { rewriting, rules } = slimmingOf('llama-cpp', (recipe) => {
      recipe.engine.device = 'rocm'
    })
    expect(rewriting).toBeUndefined()
    expect(rules.map(({ id }) => id)).not.toContain('rocblas-other-processors')
  })

  test("files of Debian's other packages are not opened", () => {
    expect(slimmingOf('llama-cpp', () => undefined).rewriting).toBeUndefined()
  })
})

test('wheels inside an official image have the same rules, by what its lock has found there', () => {
  const recipe = recipeFor('tgi', (changed) => {
    changed.target.gpu = 'h100'
  })
  const { runtime } = lockFor(recipe)
  if (runtime.type !== 'upstream') throw new Error('TGI comes as an image only')
  const rulesWith = (found: Record<string, string>) =>
    ids(planSlimming(deploymentFor(recipe), { runtime: { ...runtime, distributions: found } }, []))
  expect(rulesWith(Object.fromEntries(distributions))).toContain('triton-ptxas-blackwell-3.6')
  expect(rulesWith({})).not.toContain('triton-static')
})

describe('rules for wheels', () => {
  test('are the safe ones of what the lock has installed, before those of every image', () => {
    const all = ids(onGpu('h100'))
    expect(all).toContain('triton-static')
    expect(all).toContain('triton-ptxas-blackwell-3.6')
    expect(all).toContain('nvidia-cusolver-multi-gpu')
    expect(all).not.toContain('nvidia-cublas-nvblas')
    expect(all).not.toContain('triton-profiler')
    expect(all).not.toContain('torch-headers')
    expect(all.indexOf('triton-static')).toBeLessThan(all.indexOf('build-leftovers'))
  })

  test('keep what serves some GPU when the GPU is not known', () => {
    expect(ids(onGpu(undefined))).not.toContain('triton-ptxas-3.6')
    expect(ids(onGpu(undefined))).toContain('triton-static')
  })

  test('are of the classes that a recipe lists', () => {
    const all = ids(onGpu('h100', ['feature', 'jit']))
    expect(all).toContain('triton-profiler')
    expect(all).toContain('torch-headers')
    expect(all).not.toContain('triton-static')
    expect(all).not.toContain('documentation')
    expect(onGpu('h100', ['feature', 'jit']).rewriting).toBeUndefined()
  })

  test('each say why', () => {
    for (const { reason, paths } of onGpu('h100', ['safe', 'jit', 'feature']).rules) {
      expect(reason.length).toBeGreaterThan(8)
      expect(paths.length).toBeGreaterThan(0)
    }
  })
})

test('a compiler and a shell in the image are accounted for', () => {
  expect(onGpu('h100').kept?.join()).toMatch(/shell: Triton.*gcc, g\+\+.*Triton compiles/)
  expect(slimmingOf('llama-cpp', () => undefined).kept).toBeUndefined()
})

test('the stock image loses the traces of its build and nothing else', () => {
  const stock = onGpu('h100', false)
  expect(ids(stock)).toEqual(['build-machine', 'pseudo-file-systems', 'logs-and-temporary', 'downloads'])
  expect(stock.closure).toBeUndefined()
  expect(stock.rewriting).toBeUndefined()
})

test('a list of packages that is to be told is a part of the plan, and nothing is where the recipe has no word on it', () => {
  const policy = (packageList: Recipe['image']['packageList'], slim = true) =>
    slimmingOf('llama-cpp', ({ image }) => {
      if (packageList !== undefined) image.packageList = packageList
      image.slim = slim
    })
  expect(policy('told').packageList).toBe('told')
  expect(policy('told', false)).not.toHaveProperty('packageList')
  expect(policy('base')).toEqual(policy(undefined))
  expect(policy(undefined)).not.toHaveProperty('packageList')
})
