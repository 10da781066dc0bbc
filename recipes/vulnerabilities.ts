import { z } from 'zod'
import { limits, words } from './limits.ts'
import { count } from './quantities.ts'
import { severities } from './severities.ts'

/** Days after which a database counts as too old where a recipe says nothing; grype's own limit is the same. */
export const usualDatabaseDays = 5

const id = z
  .string()
  .max(limits.words)
  .regex(
    /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+$/,
    'an identifier such as CVE-2026-1234 or GHSA-xxxx-xxxx-xxxx',
  )

const packageName = words.describe('Name of the package, as the scanner has it')

const day = z
  .string()
  .refine(isDay, 'a day such as 2027-01-31')
  .describe('Last day (UTC) on which the exception holds')

const exception = z.strictObject({
  id: id.describe('The vulnerability, by its name or by one of its other names'),
  package: packageName.optional().describe('Only in this package. Default: in every one'),
  until: day,
  reason: words.describe('Why it may stay until then'),
})

const code = z
  .strictObject({
    id: id.describe('The vulnerability, by its name or by one of its other names'),
    package: packageName.describe('The package whose files carry it'),
    files: z
      .array(z.string().max(limits.place).regex(/^\//, 'an absolute path, with * and ** as wildcards'))
      .min(1)
      .max(limits.entries)
      .optional()
      .describe('All files that carry the vulnerable code'),
    modules: z
      .array(
        z
          .string()
          .max(limits.words)
          .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'a Python module such as torch.distributed.rpc'),
      )
      .min(1)
      .max(limits.entries)
      .optional()
      .describe('All Python modules that carry it, each with what lies below'),
    source: words.describe(
      'Who says that it lies there and nowhere else, such as the address of an advisory',
    ),
  })
  .refine(({ files, modules }) => files !== undefined || modules !== undefined, {
    path: ['files'],
    message: 'the files, or modules beside it',
  })

export const vulnerabilitiesSchema = z.strictObject({
  limit: z
    .enum(severities)
    .optional()
    .describe(
      'From this severity on, a known vulnerability that is not proven away and not excepted fails vulnerabilities, publish and bundle; so does one that nobody rated. Default: none fails',
    ),
  databaseDays: count(365)
    .optional()
    .describe(
      `Days since the database was built after which it is too old; it fails then, and where nobody knows its age. Default: ${usualDatabaseDays}`,
    ),
  exceptions: z.array(exception).max(limits.entries).optional().describe('What may stay for a while'),
  code: z
    .array(code)
    .max(limits.entries)
    .optional()
    .describe('Where vulnerable code lies within a package of which something stays'),
})

/** What a recipe says of known vulnerabilities. None of it decides a byte of the image. */
export type VulnerabilityPolicy = z.infer<typeof vulnerabilitiesSchema>
export type VulnerabilityException = z.infer<typeof exception>
export type VulnerableCode = z.infer<typeof code>

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  // The 30th of February is taken for a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
