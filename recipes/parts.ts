import { z } from 'zod'
import { limits, words } from './limits.ts'
import { count } from './quantities.ts'
import { weightsSourceSchema } from './weights.ts'

export const partRoles = ['adapter', 'drafter', 'projector', 'model'] as const
export type PartRole = (typeof partRoles)[number]

/** How a drafter guesses: a small model of its own, heads of EAGLE, or heads that the model was trained with. */
export const draftMethods = ['draft', 'eagle', 'eagle3', 'mtp'] as const

export const modelName = z
  .string()
  .max(limits.modelNameLength)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'letters, digits and . _ : / -')

const source = weightsSourceSchema.describe('Where the files come from, as for weights.source')

const terms = {
  license: words.optional().describe('SPDX identifier or name of the licence of this part'),
  acceptLicense: words
    .optional()
    .describe('Name of the licence of this part whose terms are accepted, as model.acceptLicense'),
}

const adapter = z.strictObject({
  role: z.literal('adapter').describe('A LoRA adapter of the model'),
  name: modelName.describe('Name under which requests ask for the adapter'),
  source,
  ...terms,
})

const drafter = z
  .strictObject({
    role: z.literal('drafter').describe('What guesses tokens that the model then checks'),
    source: source.optional(),
    method: z
      .enum(draftMethods)
      .default('draft')
      .describe(
        'draft: a small model of its own; eagle, eagle3: heads of EAGLE; mtp: heads for several tokens, which need no source where the model has them itself',
      ),
    tokens: count(limits.draftTokens).default(3).describe('Most tokens that are guessed at once'),
    ...terms,
  })
  .refine(({ source: from, method }) => from !== undefined || method === 'mtp', {
    path: ['source'],
    message: 'a source, or `method: mtp` for heads inside the model itself',
  })

const projector = z.strictObject({
  role: z.literal('projector').describe('What turns images or sound into embeddings of the model'),
  source,
  ...terms,
})

const model = z.strictObject({
  role: z.literal('model').describe('A further model that the same server offers'),
  name: modelName.describe('Name under which the server offers it'),
  source,
  ...terms,
})

export const partSchema = z.discriminatedUnion('role', [adapter, drafter, projector, model])

/** What a recipe wants beside its model. */
export type RecipePart = z.infer<typeof partSchema>
export type PartOf<Role extends PartRole> = Extract<RecipePart, { role: Role }>

type PartTitle = Pick<RecipePart, 'role'> & { name?: string | undefined }

/** The name of a part that has one. */
export function nameOfPart(part: PartTitle): string | undefined {
  return part.name
}

/** `adapter sql`, `drafter` */
export function partTitle({ role, name }: PartTitle): string {
  return name === undefined ? role : `${role} ${name}`
}

/** Folder of a part inside the model's own folder, which loaders of the model do not look into. */
export function partFolder({ role, name }: PartTitle): string {
  return name === undefined ? `parts/${role}` : `parts/${role}/${folderName(name)}`
}

/** A name of a model as the name of one folder. */
export function folderName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '-')
}
