import { z } from 'zod'
import type { Digest } from '../../lib/digest.ts'
import { portalHint, readAnswer } from '../network/answer.ts'
import { descriptorSchema } from '../registry-client/oci-documents.ts'
import { type FoundDocument, openReader, readManifest } from '../registry-client/read.ts'
import { parseReference } from '../registry-client/reference.ts'
import type { RegistrySession } from '../registry-client/session.ts'
import { WeightsError } from './error.ts'
import type { SourceSession } from './source.ts'

const manifestSchema = z
  .object({
    config: descriptorSchema.optional(),
    layers: z.array(descriptorSchema).optional(),
    manifests: z.array(descriptorSchema).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ layers, manifests }) => layers !== undefined || manifests !== undefined, {
    error: 'neither layers nor manifests',
  })
export type ModelManifest = z.infer<typeof manifestSchema>

export interface ChosenManifest {
  manifest: ModelManifest
  digest: Digest
}

/** The manifest behind a reference; of an index the first that is no attestation, as weights are the same on every platform. */
export function readOciManifest(reference: string, session: SourceSession): Promise<ChosenManifest> {
  return chosenModelManifest(openRegistry(reference, session))
}

export async function chosenModelManifest({ session, version }: OpenRegistry): Promise<ChosenManifest> {
  const found = await manifestOf(session, version)
  const first = found.manifest.manifests?.find(
    ({ annotations }) => annotations?.['vnd.docker.reference.type'] === undefined,
  )
  return first ? manifestOf(session, first.digest) : found
}

export interface OpenRegistry {
  session: RegistrySession
  version: string
}

export function openRegistry(text: string, session: SourceSession): OpenRegistry {
  const { version, ...repository } = parseReference(text)
  return { session: openReader(repository, session), version }
}

export async function manifestOf(session: RegistrySession, version: string): Promise<ChosenManifest> {
  const found = await readManifest(session, version)
  return { manifest: answerAs(manifestSchema, found), digest: found.digest }
}

export function answerAs<Value>(schema: z.ZodType<Value>, { text, url }: FoundDocument): Value {
  const answer = readAnswer(schema, { text })
  if (answer.ok) return answer.value
  throw new WeightsError('bad-answer', {
    attempted: `read ${url}`,
    found: `the server sent ${answer.found}`,
    hint: `check that the reference names an OCI image or artifact of a registry; ${portalHint}`,
  })
}
