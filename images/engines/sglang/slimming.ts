import { inPackages, type WheelPolicy, type WheelRule } from '../../slim-rules/rule.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { flashinferWheels, joinWheels, sharedWheels, tilelangWheels } from '../../slim-rules/wheels.ts'
import { pythonEnvironmentRules } from '../python-environment.ts'

export const upstreamRules: readonly SlimRule[] = [
  ...pythonEnvironmentRules,
  {
    id: 'sglang-source-tree',
    risk: 'safe',
    paths: ['/sgl-workspace/sglang/{benchmark,docs,examples,test,.git,.github,3rdparty}/**'],
    reason: 'the source tree around the package',
  },
]

const hopper = [{ from: 90, below: 91 }]

const allButHopper = [
  { from: 0, below: 90 },
  { from: 91, below: 1000 },
]

const sglangRules: readonly WheelRule[] = [
  ...['sgl-kernel', 'sglang-kernel'].flatMap((distribution): WheelRule[] => [
    {
      id: `${distribution}-sm100`,
      distribution,
      risk: 'safe',
      serves: allButHopper,
      paths: inPackages('sgl_kernel/sm100/**'),
      reason: 'operators for every GPU but Hopper',
      evidence:
        '373.7 MB in sgl-kernel 0.3.21, 12.8 MB in sglang-kernel 0.4.10; load_utils.py takes sm90 at compute capability 9.0, else sm100. Without any GPU it takes sm100 too, so the import check of a machine without one must set the rule aside',
    },
    {
      id: `${distribution}-sm90`,
      distribution,
      risk: 'safe',
      serves: hopper,
      paths: inPackages('sgl_kernel/sm90/**'),
      reason: 'operators for Hopper',
      evidence: '360.8 MB in sgl-kernel 0.3.21, 12.3 MB in sglang-kernel 0.4.10; see the rule for sm100',
    },
  ]),
  {
    id: 'sgl-kernel-static',
    distribution: 'sgl-kernel',
    risk: 'safe',
    paths: inPackages('lib/*.a', 'include/mscclpp/**'),
    reason: 'static libraries and headers of mscclpp that the wheel drops into site-packages/lib',
    evidence: '11.0 MB in 0.3.21; the Python module loads _mscclpp.*.so',
  },
  {
    id: 'sglang-tests',
    distribution: 'sglang',
    risk: 'safe',
    paths: inPackages('sglang/test/**/test_*.{py,pyc}'),
    reason: 'test cases',
    evidence: 'sglang/test has 2.2 MB in 0.5.23; its other modules are imported by benchmarks and stay',
  },
  {
    id: 'sglang-images-and-video',
    distribution: 'sglang',
    risk: 'feature',
    paths: inPackages('sglang/multimodal_gen/**'),
    reason: 'generation of images and video, a server of its own',
    evidence: '19.8 MB in 0.5.23',
  },
]

const ownWheels: WheelPolicy = { rules: sglangRules, needs: [] }

export const wheels = joinWheels(sharedWheels, ownWheels, flashinferWheels, tilelangWheels)
