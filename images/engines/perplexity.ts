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

/** A figure with its uncertainty, as they were printed. */
export interface PrintedFigure {
  value: string
  uncertainty: string
}

/** How far one model is from another over one text, digit by digit. Divergences are in nats a token, shares in percent. */
export interface PrintedDivergence {
  mean: PrintedFigure
  median: string
  /** 99 of 100 tokens have less. */
  p99: string
  most: string
  /** Tokens whose most likely one is the same. */
  sameTop: PrintedFigure
  perplexity: PrintedFigure
  referencePerplexity: PrintedFigure
}

/** Tokens per second of one file of weights, with the spread of several runs. */
export interface FileSpeed {
  prompt: { perSecond: number; spread: number }
  output: { perSecond: number; spread: number }
}

/** How well a model predicts a text, how far it is from another one, and how fast it is: commands, and what they print. */
export interface WeightsProgram {
  command(modelFile: string, text: PredictedText): string[]
  /** Null where it told no figure. */
  printed(said: string): PrintedPerplexity | null
  /** Commands that write down what a reference predicts, and that compare a model with it; `base` is a file for between them. */
  divergence(files: { reference: string; model: string; base: string }, text: PredictedText): string[][]
  printedDivergence(said: string): PrintedDivergence | null
  /** Command that measures files one after the other, and what its output says of each, in their order; null where it does not. */
  speed(files: readonly string[]): string[]
  printedSpeeds(said: string, files: readonly string[]): FileSpeed[] | null
}
