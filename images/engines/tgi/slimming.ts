import type { SlimRule } from '../../slim-rules/slimming.ts'
import { flashinferWheels, joinWheels, sharedWheels } from '../../slim-rules/wheels.ts'
import { pythonEnvironmentRules } from '../python-environment.ts'

export const rules: readonly SlimRule[] = [
  ...pythonEnvironmentRules,
  {
    id: 'tgi-build',
    risk: 'safe',
    paths: [
      '/usr/local/bin/text-generation-benchmark',
      '/usr/bin/{uv,uvx}',
      '/usr/src/server/{tests,Makefile*}/**',
    ],
    reason: 'benchmark, installer and tests of the source tree',
  },
]

export const wheels = joinWheels(sharedWheels, flashinferWheels)
