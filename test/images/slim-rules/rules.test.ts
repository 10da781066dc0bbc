import { join } from 'node:path/posix'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { rulesFor, type WheelRule } from '../../../images/slim-rules/rule.ts'
import type { RiskClass } from '../../../images/slim-rules/slimming.ts'

const root = '/opt/venv/lib/python3.12/site-packages/'
const versions = {
  torch: '2.14.0',
  triton: '3.8.0',
  vllm: '0.33.0',
  sympy: '1.14.0',
  'flashinfer-python': '0.7.2.post1',
  'flashinfer-cubin': '0.6.13',
  'sgl-kernel': '0.3.21',
  sglang: '0.5.23',
  tilelang: '0.1.15',
  'nvidia-nvshmem-cu13': '3.8.0',
  'nvidia-nccl-cu13': '2.32.3',
  'nvidia-cusolver': '12.4.1.2',
  'nvidia-cuda-cupti': '13.5.25',
  'nvidia-cuda-runtime': '13.5.37',
  'nvidia-cutlass-dsl-libs-cu12': '4.8.0',
  'nvidia-cutlass-dsl-libs-cu13': '4.8.0',
  'cuda-bindings': '13.5.0',
  'tokenspeed-triton': '3.9.10.post20261028',
  pynvvideocodec: '2.0.4',
  'z3-solver': '4.15.4.0',
}
const all = [...new Set(engines.flatMap(({ wheels }) => wheels.rules))]
const needs = [...new Set(engines.flatMap(({ wheels }) => wheels.needs))]

function ruleOf(path: string, targets: string, changes: Record<string, string> = {}): string {
  const installation = {
    distributions: { ...versions, ...changes },
    targets: targets.split(' ').filter(Boolean).map(parseArchitecture),
  }
  const rules = rulesFor(all, installation, ['safe', 'feature', 'jit'])
  return rules.find((rule) => matches(rule, join(root, path)))?.id ?? 'kept'
}

function matches(rule: WheelRule, path: string): boolean {
  return picomatch([...rule.paths], { dot: true })(path)
}

describe('paths of the real wheels', () => {
  test.each([
    ['triton/backends/nvidia/lib/cupti/libcupti_static.a', 'sm_90', 'triton-static'],
    ['triton/backends/amd/lib/libtriton_amd_codegen.so', 'sm_90', 'triton-amd'],
    ['triton/backends/amd/compiler.py', 'sm_90', 'kept'],
    ['triton/backends/nvidia/lib/cupti-blackwell/libcupti.so', 'sm_100', 'triton-profiler'],
    ['triton/backends/nvidia/lib/cupti-blackwell/libcupti.so.13', 'sm_100', 'triton-cupti-names'],
    ['triton/backends/nvidia/lib/cupti/libcupti.so.2025.1.1', 'sm_100', 'triton-cupti-names'],
    ['PyNvVideoCodec/libavcodec.so', 'sm_90', 'pynvvideocodec-copies'],
    ['PyNvVideoCodec/libavcodec.so.', 'sm_90', 'pynvvideocodec-copies'],
    ['PyNvVideoCodec/libavcodec.so.62.28.101', 'sm_90', 'pynvvideocodec-copies'],
    ['PyNvVideoCodec/libavcodec.so.62', 'sm_90', 'pynvvideocodec'],
    ['PyNvVideoCodec/libswresample.so.6', 'sm_90', 'pynvvideocodec'],
    ['PyNvVideoCodec/libswscale.so.9', 'sm_90', 'pynvvideocodec-unused-libraries'],
    ['PyNvVideoCodec/__init__.py', 'sm_90', 'pynvvideocodec'],
    ['../../../external/ffmpeg/src/ffmpeg-8.1.1.tar.xz', 'sm_90', 'pynvvideocodec'],
    ['samples/jupyter/simple_decode_tutorial.ipynb', 'sm_90', 'pynvvideocodec-samples'],
    ['samples/other/module.py', 'sm_90', 'kept'],
    ['../../../bin/z3', 'sm_90', 'z3-program'],
    ['z3/lib/libz3.so', 'sm_90', 'kept'],
    ['z3/lib/libz3.so.4.15', 'sm_90', 'kept'],
    ['triton/backends/nvidia/lib/libdevice.10.bc', 'sm_90', 'kept'],
    ['triton/backends/nvidia/bin/ptxas', 'sm_90', 'kept'],
    ['triton/backends/nvidia/bin/ptxas-blackwell', 'sm_90', 'triton-ptxas-blackwell-3.6'],
    ['triton/backends/nvidia/bin/ptxas', 'sm_120', 'triton-ptxas-3.6'],
    ['triton/backends/nvidia/bin/ptxas', 'sm_90 sm_100', 'kept'],
    ['triton/backends/nvidia/bin/ptxas-blackwell', 'sm_90 sm_100', 'kept'],
    ['nvidia/cu13/lib/libcusolverMg.so.12', 'sm_90', 'nvidia-cusolver-multi-gpu'],
    ['nvidia/cu13/lib/libcusolver.so.12', 'sm_90', 'kept'],
    ['nvidia/cu13/lib/libcupti.so.13', 'sm_90', 'kept'],
    ['nvidia/cu13/lib/libnvperf_host.so', 'sm_90', 'nvidia-cuda-cupti-counters'],
    ['nvidia/nvshmem/lib/libnvshmem_device_sm_80.bc', 'sm_90', 'nvidia-nvshmem-cu13-bitcode-sm-80'],
    ['nvidia/nvshmem/lib/libnvshmem_device_sm_80.bc', 'sm_86', 'nvidia-nvshmem-cu13-bitcode'],
    ['nvidia/nvshmem/lib/libnvshmem_host.so.3', 'sm_90', 'kept'],
    ['torch/bin/protoc-3.21.12.0', 'sm_90', 'torch-protoc'],
    ['torch/bin/torch_shm_manager', 'sm_90', 'kept'],
    ['torch/testing/_internal/common_utils.py', 'sm_90', 'kept'],
    ['vllm/third_party/fmha_sm100/cutlass/include/cute/arch/copy_sm100.hpp', 'sm_90', 'vllm-fmha-sm100'],
    ['vllm/third_party/fmha_sm100/cutlass/include/cute/arch/copy_sm100.hpp', 'sm_103', 'kept'],
    ['vllm/third_party/fmha_sm100/api.py', 'sm_90', 'kept'],
    ['flashinfer_cubin/cubins/1/fmha/Gemm_schedS_sm100f.cubin', 'sm_90', 'flashinfer-cubin-100f'],
    ['flashinfer_cubin/cubins/1/fmha/Gemm_schedS_sm100f.cubin', 'sm_103', 'kept'],
    ['flashinfer_cubin/cubins/1/fmha/FmhaSm103aKernel.cubin', 'sm_100', 'flashinfer-cubin-103a'],
    ['flashinfer_cubin/cubins/1/fmha/FmhaSm103aKernel.cubin', 'sm_103', 'kept'],
    ['flashinfer_cubin/cubins/1/deep-gemm/kernel.fp8_gemm.226b.cubin', 'sm_90', 'kept'],
    ['sgl_kernel/sm100/common_ops.abi3.so', 'sm_90', 'sgl-kernel-sm100'],
    ['sgl_kernel/sm90/common_ops.abi3.so', 'sm_90', 'kept'],
    ['sgl_kernel/sm90/common_ops.abi3.so', 'sm_80', 'sgl-kernel-sm90'],
    ['sgl_kernel/sm100/common_ops.abi3.so', 'sm_80', 'kept'],
    ['sympy/core/tests/test_basic.py', 'sm_90', 'sympy-tests'],
    ['nvidia_cutlass_dsl/cu12/lib/libcute_dsl_runtime.so', 'sm_90', 'cutlass-dsl-cuda-12'],
    ['nvidia_cutlass_dsl/cu13/lib/libcute_dsl_runtime.so', 'sm_90', 'kept'],
    ['cuda/bindings/driver.cpp', 'sm_90', 'cuda-bindings-sources'],
    ['cuda/bindings/driver.cpython-311-x86_64-linux-gnu.so', 'sm_90', 'kept'],
    ['tokenspeed_triton/backends/amd/lib/libtriton_amd_codegen.so', 'sm_90', 'tokenspeed-triton-amd'],
    ['tokenspeed_triton/backends/amd/compiler.py', 'sm_90', 'kept'],
    ['tokenspeed_triton/backends/nvidia/bin/ptxas', 'sm_120', 'kept'],
  ])('%s for %s: %s', (path, targets, id) => {
    expect(ruleOf(path, targets)).toBe(id)
  })
})

test.each([
  ['3.5.0', 'kept', 'kept'],
  ['3.6.0', 'kept', 'triton-ptxas-blackwell-3.6'],
  ['3.9.0', 'triton-ptxas-3.9', 'kept'],
  ['3.10.0', 'kept', 'kept'],
])('triton %s on Hopper: ptxas %s, ptxas-blackwell %s', (triton, old, blackwell) => {
  const folder = 'triton/backends/nvidia/bin/'
  expect(ruleOf(`${folder}ptxas`, 'sm_90', { triton })).toBe(old)
  expect(ruleOf(`${folder}ptxas-blackwell`, 'sm_90', { triton })).toBe(blackwell)
})

test('files for CUDA 12 stay where the image is for CUDA 12', () => {
  const distributions = {
    'nvidia-cutlass-dsl-libs-cu12': '4.8.0',
    'nvidia-cutlass-dsl-libs-cu13': '4.8.0',
    'nvidia-cuda-runtime-cu12': '12.9.79',
  }
  const ids = rulesFor(all, { distributions, targets: [] }, ['safe']).map(({ id }) => id)
  expect(ids).not.toContain('cutlass-dsl-cuda-12')
})

test('rules of packages that are not there, and of classes not accepted, drop out', () => {
  const ids = (accepted: RiskClass[], distributions: Record<string, string>) =>
    rulesFor(all, { distributions, targets: [] }, accepted).map(({ id }) => id)
  expect(ids(['safe'], {})).toEqual([])
  expect(ids(['jit'], { torch: '2.14.0' })).toEqual(['torch-headers'])
  expect(ids(['safe'], { sympy: '1.14.0' })).toEqual(['sympy-tests'])
})

describe('all rules', () => {
  test('have ids of their own', () => {
    const ids = all.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test.each(all.map((rule) => [rule.id, rule] as const))(
    '%s says why, on what evidence, and stays in what wheels install',
    (_, rule) => {
      expect(rule.reason.length).toBeGreaterThan(8)
      expect(rule.evidence.length).toBeGreaterThan(6)
      for (const path of rule.paths) expect(path).toMatch(/^\/\*\*\/({site,dist}-packages|bin|external)\/\w/)
    },
  )

  const safe = all.filter(({ risk }) => risk !== 'jit')
  test.each(needs.flatMap(({ compiler, paths }) => paths.map((path) => [compiler, path] as const)))(
    'what %s opens is in no class but jit: %s',
    (_, glob) => {
      const path = glob
        .replace('/**/{site,dist}-packages/', root)
        .replace('/**/', '/1/')
        .replace('nvidia/*/', 'nvidia/cu13/')
        .replace('*', '13')
      expect(safe.filter((rule) => matches(rule, path)).map(({ id }) => id)).toEqual([])
    },
  )
})
