import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { planImage } from '../../images/plan/plan.ts'
import { planTree, type TreePlan } from '../../images/tree/tree.ts'
import { packerOf, takeInventory } from '../../pipelines/build/packing.ts'
import { installDebian, resolveDebian } from '../../pipelines/software/debian.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { lockFor } from '../images/engines/fixtures.ts'

/** vLLM's image for CUDA without its wheels: the distribution's part, with the compilers that kernels need. */
const recipe = `name: compilers
model: { name: none, license: Apache-2.0 }
engine: { id: vllm, version: ">=0.28 <0.34", runtime: packages, device: cuda }
weights:
  source: { type: folder, path: model }
target: { gpu: h100 }
`

/** As triton/runtime/build.py and torch/_inductor/cpp_builder.py call them, and what those link statically. */
const compile = `cd /tmp
printf '%s\\n' '#include <Python.h>' '#include <math.h>' 'int answer(void) { return (int)sqrt(1764.0); }' > launcher.c
gcc launcher.c -O3 -shared -fPIC -Wno-psabi -o launcher.so -I/usr/include/python3.11 -lm
printf '%s\\n' '#include <vector>' '#include <cmath>' 'extern "C" int total(int n) { std::vector<int> v(n, 2); int s = 0;' \\
  '#pragma omp parallel for reduction(+:s)' 'for (int i = 0; i < n; i++) s += v[i]; return s; }' > kernel.cpp
flags='-O3 -ffast-math -std=c++20 -Wall -fPIC -shared -fopenmp -march=native'
g++ kernel.cpp $flags -lgomp -o kernel.so
g++ kernel.cpp $flags -static-libstdc++ -static-libgcc -o alone.so
python3.11 -c 'import ctypes
load = lambda name: ctypes.CDLL("/tmp/" + name)
print(load("launcher.so").answer(), load("kernel.so").total(1000), load("alone.so").total(21))'`

let planned: TreePlan
let printed: string

beforeAll(async () => {
  const parsed = parseRecipe(recipe, 'compilers.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const plan = planImage(parsed.recipe, lockFor(parsed.recipe))
  const { source } = plan.runtime
  if (source.type !== 'python') throw new Error('vLLM for CUDA is a Python environment')
  const scratch = await mkdtemp(join(tmpdir(), 'ingot-compilers-'))
  try {
    await connect(async (client) => {
      const wanted = { type: 'debian', base: source.base, packages: source.packages, versionOf: '' } as const
      const lock = await resolveDebian(client, wanted, plan.platform, new Date().toISOString())
      const tree = (await installDebian(client, lock, plan.platform)).rootfs()
      const packer = await packerOf(client, plan.platform, undefined)
      planned = planTree(await takeInventory(packer, tree, scratch), plan)
      const kept = planned.layers.flatMap(({ paths }) => paths).map((path) => `.${path}`)
      const slim = packer
        .withMountedDirectory('/tree', tree)
        .withNewFile('/kept', kept.join('\n'))
        .withExec([
          'sh',
          '-ceu',
          'mkdir -p /slim/tmp; tar -C /tree --no-recursion -T /kept -cf - | tar -C /slim -xf -',
        ])
        .directory('/slim')
      printed = await client.container().withRootfs(slim).withExec(['/usr/bin/sh', '-ceu', compile]).stdout()
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

afterAll(() => {
  for (const { rule, files, sizeBytes } of planned.removals)
    process.stdout.write(`${rule}: ${files} files, ${(sizeBytes / 1e6).toFixed(1)} MB\n`)
})

test('launchers and kernels are compiled, linked and run with what is left of the compilers', () => {
  expect(printed).toBe('42 2000 42\n')
})

test('what they never ask for is gone, each under the rule that says why', () => {
  const extras = planned.removals.find(({ rule }) => rule === 'compiler-extras')
  expect(extras?.sizeBytes).toBeGreaterThan(90e6)
  const kept = planned.layers.flatMap(({ paths }) => paths)
  expect(
    kept.filter((path) => /san\b|lto1$|lto-dump|gcov|gold|gprof/.test(path) && !/include/.test(path)),
  ).toEqual([])
  expect(kept.filter((path) => /\/cc1(plus)?$/.test(path))).toHaveLength(2)
})
