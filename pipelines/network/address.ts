/** An address as it may be shown: without user, password, query and fragment, where tokens and signatures live. */
export function publicUrl(url: string): string {
  if (!URL.canParse(url)) return 'an address that is none'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
