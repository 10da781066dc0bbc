import type { ModelFacts } from '../model-facts.ts'
import { type Config, isConfig } from './config-value.ts'
import { countOf, listOf, numberOf, sectionOf, textOf } from './keys.ts'

/** How positions beyond those of the training are reached; null where nothing is stretched. Kinds of layers may differ: the last one counts. */
export function ropeOf(config: Config): NonNullable<ModelFacts['rope']> | null {
  const stretched = sectionsOf(config).flatMap((section) => {
    const type = typeOf(section)
    return type === 'default' ? [] : [{ section, type }]
  })
  const last = stretched.at(-1)
  if (!last) return null
  const factor = numberOf(last.section, 'factor')
  return {
    type: last.type,
    factor: factor !== undefined && factor > 0 ? factor : null,
    // Models with LongRoPE name it beside the section, and engines look at it there alone.
    originalPositions:
      countOf(last.type === 'longrope' ? config : last.section, 'original_max_position_embeddings') ?? null,
  }
}

/** One section, or one for each kind of layer. */
function sectionsOf(config: Config): Config[] {
  const whole = sectionOf(config, 'rope_parameters', 'rope_scaling')
  if (!whole) return []
  const inner = Object.values(whole).filter(isConfig)
  return inner.length > 0 && textOf(whole, 'rope_type', 'type') === undefined ? inner : [whole]
}

/** `su` is an older name of `longrope`; `mrope` tells how images are counted and stretches nothing. */
function typeOf(section: Config): string {
  const type = textOf(section, 'rope_type', 'type') ?? 'default'
  if (type === 'su') return 'longrope'
  return type === 'mrope' ? 'default' : type
}

/** Classes with such positions whose configurations often leave the section out. */
const sectionedTypes = /^qwen(2_vl|2_5_vl|2_5_omni|3_vl|3_omni|3_5|3_6)/

/** Whether positions have parts for time, height and width of images (`mrope_section`). */
export function hasSectionedRope(config: Config, modelType: string): boolean {
  const whole = sectionOf(config, 'rope_parameters', 'rope_scaling') ?? {}
  return listOf(whole, 'mrope_section') !== undefined || sectionedTypes.test(modelType)
}
