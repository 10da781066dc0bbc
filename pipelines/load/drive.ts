import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadQuestion } from '../../images/load/questions.ts'
import type { LoadRequest } from '../../images/load/step.ts'
import { type LoadTarget, sendQuestion } from './send.ts'

/** What came of the requests of one step, in the order of the questions. */
export interface StepRun {
  requests: LoadRequest[]
  durationMs: number
}

/** Closed loop: each of the users takes the next question as soon as the last one is answered, until none is left. */
export async function askByUsers(
  target: LoadTarget,
  questions: readonly LoadQuestion[],
  users: number,
): Promise<StepRun> {
  const beganMs = target.clock.now()
  const requests: LoadRequest[] = []
  let next = 0
  const user = async () => {
    for (let index = next++; index < questions.length; index = next++) {
      const question = questions[index]
      if (question === undefined) return
      requests[index] = await sendQuestion(target, question, { dueMs: target.clock.now(), beganMs })
    }
  }
  await Promise.all(Array.from({ length: users }, user))
  return { requests, durationMs: target.clock.now() - beganMs }
}

/**
 * Open loop: each question is sent when it is due, whatever became of those before, and is timed from then. A server that hangs
 * makes all that were due meanwhile late, and none is left out (coordinated omission).
 */
export async function askByTimes(
  target: LoadTarget,
  questions: readonly LoadQuestion[],
  arrivalsMs: readonly number[],
): Promise<StepRun> {
  const beganMs = target.clock.now()
  const requests = await Promise.all(
    questions.map(async (question, index) => {
      const dueMs = beganMs + (arrivalsMs[index] ?? 0)
      await sleep(Math.max(0, dueMs - target.clock.now()), undefined, { signal: target.signal })
      return sendQuestion(target, question, { dueMs, beganMs })
    }),
  )
  return { requests, durationMs: target.clock.now() - beganMs }
}
