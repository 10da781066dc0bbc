import type { Vector } from './vector.ts'
import { vectors as heldOutFirst } from './vectors/held-out.ts'
import { vectors as heldOutOthers } from './vectors/held-out-others.ts'
import { vectors as heldOutV0 } from './vectors/held-out-v0.ts'
import { vectors as heldOutVllm } from './vectors/held-out-vllm.ts'
import { vectors as others } from './vectors/other-engines.ts'
import { vectors as first } from './vectors/vllm-0.8-to-0.20.ts'
import { vectors as oldest } from './vectors/vllm-before-0.5.ts'
import { vectors as old } from './vectors/vllm-before-0.8.ts'
import { vectors as newer } from './vectors/vllm-newer.ts'

/** Logged cases that came after the note. */
export const heldOut: Vector[] = [...heldOutFirst, ...heldOutVllm, ...heldOutOthers, ...heldOutV0]

/** All logged cases, by number; each names the log that it is from. */
export const vectors: Vector[] = [...oldest, ...old, ...first, ...newer, ...others].sort(
  (a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)),
)
