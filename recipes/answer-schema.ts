import { z } from 'zod'
import { messageOf } from '../lib/error.ts'

/** A JSON schema that answers are held against. One that cannot be read would fail every answer, after the image was built. */
export const answerSchema = z.record(z.string(), z.json()).superRefine((schema, context) => {
  try {
    // What is no schema is thrown at below.
    z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
  } catch (error) {
    context.addIssue({ code: 'custom', message: `a JSON schema that can be read: ${messageOf(error)}` })
  }
})
