import { optional } from '../../lib/optional.ts'

/** What dpkg's list says of an installed package. */
export interface InstalledPackage {
  version?: string
  architecture?: string
}

/** dpkg's list of packages, and where Debian keeps it. */
export const statusPath = '/var/lib/dpkg/status'

/** Versions and architectures by package, of those that are installed. deb-status: paragraphs with an empty line between. */
export function parseStatus(text: string): Record<string, InstalledPackage> {
  return Object.fromEntries(
    text.split(/\n{2,}/).flatMap((paragraph): [string, InstalledPackage][] => {
      const name = fieldOf(paragraph, 'Package')
      if (name === undefined || !/ installed$/.test(fieldOf(paragraph, 'Status') ?? '')) return []
      const version = optional('version', fieldOf(paragraph, 'Version'))
      return [[name, { ...version, ...optional('architecture', fieldOf(paragraph, 'Architecture')) }]]
    }),
  )
}

/**
 * The list with some packages as dpkg writes removed ones: `deinstall ok config-files`. syft and trivy pass over these, and a
 * person still reads what was there.
 */
export function markRemoved(text: string, isRemoved: (name: string) => boolean): string {
  return text
    .split(/(?<=\n\n)/)
    .map((paragraph) =>
      isRemoved(fieldOf(paragraph, 'Package') ?? '')
        ? paragraph.replace(/^Status: .* installed$/m, 'Status: deinstall ok config-files')
        : paragraph,
    )
    .join('')
}

function fieldOf(paragraph: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(\\S.*?)\\s*$`, 'm').exec(paragraph)?.[1]
}
