import { type CompilerNeed, inPackages, type WheelRule } from './rule.ts'

const cubinNames = (suffix: string) => inPackages(`flashinfer_cubin/cubins/**/*${suffix}*.cubin`)

export const flashinferRules: readonly WheelRule[] = [
  cubinRule('100f', '[sS]m100f', '1596.0', [
    { from: 100, below: 101 },
    { from: 102, below: 110 },
  ]),
  cubinRule('103a', '[sS]m103a', '225.6', [{ from: 103, below: 104 }]),
  cubinRule('100a', '[sS]m100a', '27.4', [{ from: 100, below: 101 }]),
  {
    id: 'flashinfer-sources',
    distribution: 'flashinfer-python',
    risk: 'jit',
    paths: inPackages('flashinfer/data/{csrc,cutlass,cccl,include,spdlog}/**'),
    reason: 'sources and headers of kernels that FlashInfer compiles when they are first used',
    evidence:
      '328.7 MB in 0.7.2.post1; flashinfer/jit/env.py names the folders, jit/cpp_ext.py calls nvcc and ninja. Only with a prebuilt cache (flashinfer-jit-cache) or a recipe that never calls FlashInfer',
  },
  {
    id: 'flashinfer-other-gpus',
    distribution: 'flashinfer-python',
    risk: 'feature',
    serves: [{ from: 90, below: 91 }],
    paths: inPackages('flashinfer/experimental/*sm90*/**'),
    reason: 'experimental kernels for Hopper alone',
    evidence: '10.0 MB in 0.7.2.post1, by folder name',
  },
]

function cubinRule(
  name: string,
  pattern: string,
  megabytes: string,
  serves: WheelRule['serves'] & object,
): WheelRule {
  return {
    id: `flashinfer-cubin-${name}`,
    distribution: 'flashinfer-cubin',
    risk: 'safe',
    serves,
    paths: cubinNames(pattern),
    reason: `machine code for sm_${name}, which no target runs`,
    evidence: `${megabytes} of 1,912.0 MB in 0.6.13, by file name; jit/cubin_loader.py asks for a file by its exact name. Names without an architecture (63 MB, DeepGEMM's) stay`,
  }
}

export const flashinferNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'flashinfer',
    paths: inPackages(
      'flashinfer/data/include/flashinfer/attention/prefill.cuh',
      'flashinfer/data/csrc/batch_decode.cu',
      'flashinfer/data/cutlass/include/cute/tensor.hpp',
      'flashinfer_cubin/cubins/**/include/flashinferMetaInfo.h',
    ),
    reason: 'nvcc compiles them; the list of precompiled kernels is a header as well',
  },
]
