import { type CompilerNeed, inPackages, type WheelPolicy, type WheelRule } from '../../slim-rules/rule.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { flashinferWheels, joinWheels, sharedWheels, tilelangWheels } from '../../slim-rules/wheels.ts'
import { pythonEnvironmentRules } from '../python-environment.ts'

export const cudnnEngines: SlimRule = {
  id: 'cuda-kernels-on-cpu',
  risk: 'feature',
  paths: ['/**/nvidia/cudnn/lib/libcudnn_engines_*'],
  reason: 'kernels that cuDNN loads when a GPU is there; the image is for CPUs',
}

/** Left by the image's own build, or for media files. No server with a GPU was tried without them yet; the boot of an image shows it. */
export const upstreamRules: readonly SlimRule[] = [
  ...pythonEnvironmentRules,
  {
    id: 'vllm-workspace',
    risk: 'safe',
    paths: ['/vllm-workspace/**'],
    reason: 'examples, benchmarks and tests of the source tree',
  },
]

const vllm = 'vllm'

const blackwell = [{ from: 100, below: 110 }]

const vllmRules: readonly WheelRule[] = [
  {
    id: 'vllm-fmha-sm100',
    distribution: vllm,
    versions: '>=0.33.0',
    risk: 'safe',
    serves: blackwell,
    paths: inPackages('vllm/third_party/fmha_sm100/{cutlass,csrc}/**'),
    reason: 'sources of attention kernels for Blackwell, compiled at run time there only',
    evidence:
      '28.5 MB of headers in 0.33.0; jit.py reads them when a kernel is built, the package is resolved on first attribute access',
  },
  {
    id: 'vllm-deep-gemm-headers',
    distribution: vllm,
    risk: 'jit',
    paths: inPackages('vllm/third_party/deep_gemm/include/**'),
    reason: 'headers of DeepGEMM, which compiles its FP8 kernels at run time',
    evidence:
      '26.9 MB in 0.33.0; removable when the recipe sets VLLM_USE_DEEP_GEMM=0 or the model has no FP8 weights',
  },
  {
    id: 'vllm-rust-frontend',
    distribution: vllm,
    risk: 'feature',
    paths: inPackages('vllm/vllm-rs'),
    reason: 'the HTTP front end in Rust; the recipe serves through the Python one',
    evidence:
      '60.8 MB in 0.33.0; vllm/envs.py looks for it only with VLLM_USE_RUST_FRONTEND=1 or VLLM_USE_RUST_BENCH=1, both 0 by default',
  },
]

const vllmNeeds: readonly CompilerNeed[] = [
  {
    compiler: 'deep-gemm',
    paths: inPackages(
      'vllm/third_party/deep_gemm/include/deep_gemm/ptx/wgmma.cuh',
      'vllm/third_party/deep_gemm/_C_extension.abi3.so',
    ),
    reason: 'kernels are written against these headers and compiled for the shapes of the model',
  },
]

const ownWheels: WheelPolicy = { rules: vllmRules, needs: vllmNeeds }

export const wheels = joinWheels(sharedWheels, ownWheels, flashinferWheels, tilelangWheels)
