import { type CompilerNeed, inPackages, prefixed, type WheelRule } from './rule.ts'

export const tilelangRules: readonly WheelRule[] = [
  {
    id: 'z3-program',
    distribution: 'z3-solver',
    risk: 'safe',
    paths: [...prefixed('bin/z3'), ...inPackages('z3/include/**')],
    reason: 'the solver as a program, and headers; Python and tilelang load the library',
    evidence:
      '23.1 MB in 4.15.4.0; no Python file of z3 or tilelang starts a program of that name. Both equal libraries stay: z3core.py opens libz3.so by its path, libtvm_compiler.so needs libz3.so.4.15',
  },
  {
    id: 'tilelang-other-vendors',
    distribution: 'tilelang',
    risk: 'safe',
    paths: inPackages('tilelang/src/{ascend,rocm,metal}/**'),
    reason: 'C++ sources for other makers of GPUs; their Python modules stay, the package imports them',
    evidence: '1.9 MB in 0.1.15',
  },
  {
    id: 'tilelang-sources',
    distribution: 'tilelang',
    risk: 'jit',
    paths: inPackages('tilelang/3rdparty/**', 'tilelang/src/**'),
    reason: 'CUTLASS, TVM headers and templates that kernels are compiled against',
    evidence: '54 MB in 0.1.15; tilelang compiles each kernel with nvcc or NVRTC',
  },
]

export const tilelangNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'tilelang',
    paths: inPackages(
      'tilelang/src/tl_templates/cuda/common.h',
      'tilelang/3rdparty/cutlass/include/cute/tensor.hpp',
    ),
    reason: 'included by every generated kernel',
  },
]
