import type { Deployment, Refusal } from './engine.ts'

/**
 * Architectures that only draft for another model: EAGLE's, Medusa's, heads for several tokens and the like, as registries of vLLM
 * 0.33.0 and SGLang 0.5.23 have them. NVIDIA's Eagle (`Eagle2_5_VLForConditionalGeneration`) is a model of its own.
 */
const drafting =
  /^Eagle3?(Llama|Qwen|Mistral|DeepSeek|MiniCPM|Cohere)|ForCausalLMEagle3?$|(Medusa|MTP|Draft|DSpark)Model$|^MLPSpeculator|^(eagle3?|dflash|medusa)$/i

/** Refuses a model that answers nobody by itself. */
export function drafterRefusals({ facts, gguf }: Deployment): Refusal[] {
  const name = [gguf?.architecture, facts?.architecture].find(
    (one) => one !== undefined && drafting.test(one),
  )
  if (name === undefined) return []
  return [
    {
      path: 'weights.source',
      found: `the model is a ${name}, which drafts tokens for another model and answers nobody by itself`,
      hint: 'name the repository of the model that it drafts for, and this one in `parts` with role drafter',
    },
  ]
}
