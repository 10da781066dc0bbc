/** How patient verification is. Every question has its own time as well. */
export interface VerifyLimits {
  /** For everything that is asked in one boot after the server is ready. */
  askSeconds: number
  /** For one recorded answer and for one timed stream. */
  answerSeconds: number
  /** How long answers with the right status and a wrong content are waited out before the server was ready. */
  wrongAnswerSeconds: number
  /**
   * For the first question of readiness; each further one gets twice as long. A connection made while the server opens its
   * port can be lost without an answer: on a machine with load 10 one such waited for 277 s.
   */
  firstAttemptSeconds: number
  pollMs: number
  /** Between two looks into the log for the line that says that the model loads, which may take half a second. */
  logPollMs: number
  /** How long a request that is not streamed is left to work before the server is stopped. */
  underWayMs: number
  /** When the client of such a request hangs up after the signal, where the server waits for that. */
  hangUpMs: number
}

export const usualLimits: VerifyLimits = {
  askSeconds: 1800,
  answerSeconds: 300,
  wrongAnswerSeconds: 20,
  firstAttemptSeconds: 15,
  pollMs: 200,
  logPollMs: 20,
  underWayMs: 500,
  hangUpMs: 1000,
}
