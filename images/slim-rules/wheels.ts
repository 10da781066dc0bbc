import { flashinferNeeds, flashinferRules } from './flashinfer.ts'
import { nvidiaNeeds, nvidiaRules } from './nvidia.ts'
import { pythonWheelRules } from './python.ts'
import type { WheelPolicy } from './rule.ts'
import { tilelangNeeds, tilelangRules } from './tilelang.ts'
import { torchNeeds, torchRules } from './torch.ts'
import { tritonNeeds, tritonRules } from './triton.ts'
import { videoRules } from './video.ts'

/** Wheels of every engine in Python; a rule whose distribution is not installed drops out in `rulesFor`. */
export const sharedWheels: WheelPolicy = {
  rules: [...pythonWheelRules, ...torchRules, ...tritonRules, ...nvidiaRules, ...videoRules],
  needs: [...tritonNeeds, ...torchNeeds, ...nvidiaNeeds],
}

export const flashinferWheels: WheelPolicy = { rules: flashinferRules, needs: flashinferNeeds }

export const tilelangWheels: WheelPolicy = { rules: tilelangRules, needs: tilelangNeeds }

/** For an engine that brings no Python. */
export const noWheels: WheelPolicy = { rules: [], needs: [] }

/** Several policies as one. Of two rules for a file the first gives the reason. */
export function joinWheels(...policies: readonly WheelPolicy[]): WheelPolicy {
  return {
    rules: policies.flatMap(({ rules }) => rules),
    needs: policies.flatMap(({ needs }) => needs),
  }
}
