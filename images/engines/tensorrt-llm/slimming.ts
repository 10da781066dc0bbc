import type { SlimRule } from '../../slim-rules/slimming.ts'
import { flashinferWheels, joinWheels, sharedWheels } from '../../slim-rules/wheels.ts'
import { pythonEnvironmentRules } from '../python-environment.ts'

export const rules: readonly SlimRule[] = [
  ...pythonEnvironmentRules,
  {
    id: 'tensorrt-llm-source-tree',
    risk: 'safe',
    paths: ['/app/tensorrt_llm/{examples,benchmarks,docs,tests}/**', '/workspace/**'],
    reason: 'examples and benchmarks beside the package',
  },
  {
    id: 'ngc-tools',
    risk: 'feature',
    paths: [
      '/opt/nvidia/nsight-*/**',
      '/usr/local/cuda*/nsight-*/**',
      '/opt/pytorch/**',
      '/usr/local/share/jupyter/**',
    ],
    reason: 'profilers, notebooks and sources of NVIDIA’s development image',
  },
]

export const wheels = joinWheels(sharedWheels, flashinferWheels)
