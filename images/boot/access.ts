import type { HttpProbe, ProbeRequest } from './probe.ts'

/** How a server that wants a key is told it, and what it answers without one. */
export interface AccessRules {
  /** Variable of the server's environment. */
  variable: string
  /** Routes that the engine leaves open by its own design, such as `GET /health`. */
  open: readonly string[]
  /** Name of the secret in run files, where the recipe gives one. */
  secret?: string
}

export function routeOf({ method, path }: ProbeRequest): string {
  return `${method} ${path}`
}

/** Of everything that the server is rightly asked, one question for each route that must be closed. */
export function closedRequests(
  probes: readonly HttpProbe[],
  { open }: Pick<AccessRules, 'open'>,
): ProbeRequest[] {
  const right = probes.filter(({ group }) => group !== 'bad-input').map(({ request }) => request)
  const byRoute = new Map(right.map((request) => [routeOf(request), request]))
  return [...byRoute.values()].filter((request) => !open.includes(routeOf(request)))
}

/** What the engine leaves open, as far as it can be asked without knowing more than the route. */
export function openRequests({ open }: Pick<AccessRules, 'open'>): ProbeRequest[] {
  return open.map((route): ProbeRequest => {
    const [method = '', path = ''] = route.split(' ')
    return method === 'POST' ? { method, path, body: {} } : { method: 'GET', path }
  })
}
