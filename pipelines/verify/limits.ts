/** How patient verification is. Every question has its own time as well. */
export interface VerifyLimits {
  /** For everything that is asked in one boot after the server is ready. */
  askSeconds: number
  /** For one recorded answer and for one timed stream. */
  answerSeconds: number
  /** How long answers with the right status and a wrong content are waited out before the server was ready. */
  wrongAnswerSeconds: number
  pollMs: number
}

export const usualLimits: VerifyLimits = {
  askSeconds: 1800,
  answerSeconds: 300,
  wrongAnswerSeconds: 20,
  pollMs: 200,
}
