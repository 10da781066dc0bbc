import { licenceExpression } from './licence-expression.ts'
import type { ImagePlan } from './plan.ts'

const ociName = 'org.opencontainers.image.'
const licences = `${ociName}licenses`

/**
 * Annotations of an image's manifest: its labels under OCI's own names, which registries and their pages read there, with the
 * licence as an SPDX expression. They follow from the plan alone, but for `createdAt` (RFC 3339), which a person sets.
 */
export function imageAnnotations({ config }: ImagePlan, createdAt?: string): Record<string, string> {
  const labels = Object.entries(config.Labels ?? {}).filter(([name]) => name.startsWith(ociName))
  return Object.fromEntries([
    ...labels.map(([name, value]) => [name, name === licences ? licenceExpression(value) : value]),
    ...(createdAt === undefined ? [] : [[createdAnnotation, createdAt]]),
  ])
}

export const createdAnnotation = `${ociName}created`

/** What all of several sets say: annotations of an index over images of several platforms. */
export function commonAnnotations(all: readonly Record<string, string>[]): Record<string, string> {
  const [first = {}, ...others] = all
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  )
}
