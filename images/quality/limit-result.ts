/** One limit of a recipe beside what was measured, at one step of a load or of some answers. */
export interface LimitResult {
  limit: string
  at: string
  /** `missing`: there is no value, which fails as well. */
  status: 'passed' | 'failed' | 'missing'
  observed: string
}

export type JudgementStatus = 'passed' | 'failed' | 'not comparable' | 'no limits'

/** What the limits of a recipe say. Where nothing is comparable the results are shown, and nothing follows from them. */
export interface LimitJudgement {
  status: JudgementStatus
  limits: LimitResult[]
}

/** What several judgements say together. */
export function joinedStatus(judgements: readonly LimitJudgement[]): JudgementStatus {
  const order = ['failed', 'not comparable', 'passed', 'no limits'] as const
  return order.find((status) => judgements.some((one) => one.status === status)) ?? 'no limits'
}
