import { z } from 'zod'
import { limits, text } from './limits.ts'
import { loadSchema } from './load.ts'
import { ownProbe } from './own-probes.ts'
import { qualitySchema } from './quality.ts'
import { count } from './quantities.ts'

/** What is asked where a recipe names no prompt. */
export const usualPrompts: readonly string[] = ['What is the capital of France? Answer in one word.']

export const profiles = ['hostile', 'plain'] as const
export type Profile = (typeof profiles)[number]

/** How an image is tried before it ships, and under load. */
export const verification = z.strictObject({
  profiles: z
    .array(z.enum(profiles))
    .min(1)
    .max(profiles.length)
    .default(['hostile'])
    .describe('Conditions under which the image is booted'),
  startTimeoutSeconds: count(limits.seconds)
    .default(300)
    .describe('Time from start to the first generated token'),
  prompts: z
    .array(text(limits.value).min(1))
    .min(1)
    .max(limits.prompts)
    .default([...usualPrompts])
    .describe('Prompts answered greedily and recorded in the report'),
  probes: z
    .array(ownProbe)
    .max(limits.prompts)
    .default([])
    .describe("Questions of the recipe's own, asked after those of the engine, in the form of these"),
  load: loadSchema.optional().describe('What `ingot bench` measures under load, and its limits'),
  quality: qualitySchema.optional().describe('What `ingot bench` finds out of the answers, and its limits'),
})
