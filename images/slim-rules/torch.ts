import { type CompilerNeed, inPackages, type WheelRule } from './rule.ts'

const torch = 'torch'

export const torchRules: readonly WheelRule[] = [
  {
    id: 'torch-protoc',
    distribution: torch,
    risk: 'safe',
    paths: inPackages('torch/bin/protoc*'),
    reason: 'compiler of protobuf definitions',
    evidence: '10.9 MB in 2.14.0; no Python file of torch names it. torch_shm_manager beside it stays',
  },
  {
    id: 'torch-cmake',
    distribution: torch,
    risk: 'safe',
    paths: inPackages('torch/share/cmake/**', 'torch/lib/*.a', 'torch/lib/*.lib'),
    reason: 'build files for C++ projects against torch',
    evidence: '0.3 MB in 2.14.0; read by CMake only',
  },
  {
    id: 'torch-type-stubs',
    distribution: torch,
    risk: 'safe',
    paths: inPackages('torch/**/*.pyi'),
    reason: 'types for editors',
    evidence:
      '2.8 MB in 2.14.0; torch imports without them. Other packages keep theirs: lazy_loader reads .pyi at run time',
  },
  {
    id: 'torch-valgrind',
    distribution: torch,
    risk: 'safe',
    paths: inPackages('torch/utils/benchmark/utils/valgrind_wrapper/**', 'torch/test/**'),
    reason: 'headers and scripts to count instructions of micro-benchmarks, and C++ tests',
    evidence: '0.4 MB in 2.14.0; imported when Timer.collect_callgrind is called',
  },
  {
    id: 'torch-headers',
    distribution: torch,
    risk: 'jit',
    paths: inPackages('torch/include/**'),
    reason: 'headers for C++ that inductor writes for the CPU, and for extensions built at run time',
    evidence:
      '41.1 MB in 2.14.0; include_paths() of torch.utils.cpp_extension and torch._inductor.cpp_builder. Without a C++ compiler in the image nothing can use them',
  },
]

export const torchNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'inductor',
    paths: inPackages(
      'torch/include/torch/csrc/inductor/cpp_prefix.h',
      'torch/include/ATen/ATen.h',
      'torch/_inductor/codegen/triton.py',
    ),
    reason: 'C++ wrappers and CPU kernels include them; GPU kernels go through Triton',
  },
]
