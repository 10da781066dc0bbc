/**
 * Names of licences by Debian package, out of `License:` lines of copyright files in the machine-readable form. Slimming
 * takes those files from the image, so this is read before; packages without that form have no entry.
 */
export function licencesByPackage(listing: string): Record<string, string[]> {
  const found = new Map<string, Set<string>>()
  for (const line of listing.split('\n')) {
    const [, name, licence] = /usr\/share\/doc\/([^/]+)\/copyright:License:\s*(\S.*?)\s*$/.exec(line) ?? []
    // Some files write the whole text where the name belongs.
    if (name === undefined || licence === undefined || licence.length > 80) continue
    found.set(name, (found.get(name) ?? new Set()).add(licence))
  }
  return Object.fromEntries(
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, licences]) => [name, [...licences].sort()]),
  )
}
