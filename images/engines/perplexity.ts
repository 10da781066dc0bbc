/** What is predicted, and how much of it at once. */
export interface PredictedText {
  /** Where the program finds it. */
  path: string
  contextTokens: number
  /** Only so many pieces of that length; null for all. */
  chunks: number | null
}

/** What the program printed, digit by digit. */
export interface PrintedPerplexity {
  value: string
  uncertainty: string
}
