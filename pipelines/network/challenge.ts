/** How a registry wants to be asked, from its `WWW-Authenticate`. */
export type Challenge =
  | { type: 'basic' }
  | { type: 'bearer'; realm: string; service?: string; scope?: string }
  | { type: 'unknown' }

/** Reads the challenge that this program can answer; bearer before basic where both are offered. */
export function parseChallenge(header: string): Challenge {
  const bearer = /bearer\s+(.*)/is.exec(header)
  if (bearer) {
    const { realm, service, scope } = parametersOf(bearer[1] ?? '')
    if (realm !== undefined && URL.canParse(realm))
      return {
        type: 'bearer',
        realm,
        ...(service !== undefined && { service }),
        ...(scope !== undefined && { scope }),
      }
  }
  return /basic\b/i.test(header) ? { type: 'basic' } : { type: 'unknown' }
}

function parametersOf(text: string): Record<string, string | undefined> {
  const pairs = text.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s",]+))/g)
  return Object.fromEntries(
    [...pairs].map(([, key = '', quoted, bare]) => [key.toLowerCase(), quoted ?? bare]),
  )
}
