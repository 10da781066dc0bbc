/** One logged start: what it was told, and what its log says. */
export interface LoggedCase {
  id: string
  source: string
  /** Name in configs.json of this folder, or of the folder above. */
  config: string
  /** Options of `ingot memory`, as a person types them. */
  options: string
  /** Cache pool in GiB as printed, to two places where it has two. */
  pool?: number
  /** GiB and MiB as printed; absent ones are not in the log. */
  logged: Partial<Record<Figure, number>>
  /** Allowed part by figure; the others must lie in the window of their print. */
  within?: Partial<Record<Figure, number>>
}

export type Figure =
  | 'kvBlockTokens'
  | 'kvBlocks'
  | 'kvTokens'
  | 'maxConcurrency'
  | 'maxModelLenThatFits'
  | 'kvGiBForOneSequence'
  | 'fullMiB'
  | 'windowMiB'
  | 'stateMiB'
  | 'cacheMiB'
  | 'computeMiB'
  | 'poolGiB'
  | 'weightsGiB'
