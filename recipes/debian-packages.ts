import { z } from 'zod'

/** Debian's own words, so that none can be an option or a path to what installs it. */
const debianPackage = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9+.-]*$/, 'a name of a package'),
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+~:-]*$/, 'a version of a package'),
  architecture: z.string().regex(/^[a-z0-9-]+$/, 'an architecture'),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** Package files, each name once: a merge that kept both sides has one of them twice. */
export const debianPackages = z.array(debianPackage).superRefine((packages, context) => {
  const names = new Set<string>()
  for (const { name } of packages) {
    if (names.has(name))
      context.addIssue({ code: 'custom', message: `${name} stands there twice, as a merge leaves it` })
    names.add(name)
  }
})

export type DebianPackage = z.infer<typeof debianPackage>
