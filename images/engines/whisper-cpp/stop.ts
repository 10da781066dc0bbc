import type { StopRules } from '../../boot/probe.ts'
import type { InitProgram } from '../engine-facts.ts'

/**
 * As first process whisper-server does not hear SIGTERM while it loads, and serves on afterwards (measured, 1.9.5). Behind an init the
 * signal ends it at once then, with 143, which is no failure.
 */
export const init: InitProgram = {
  packages: ['tini'],
  command: ['/usr/bin/tini', '-e', '143', '--'],
}

/** It takes no new question and answers the one that is under way: measured with 1.9.5. */
export const stop: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 30,
  exitCodes: [0],
  busy: {
    loading: { type: 'ends', line: 'loading model', exitCodes: [0] },
    plain: { type: 'ends', exitCodes: [0] },
  },
}
