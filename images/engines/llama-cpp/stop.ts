import type { StopRules } from '../../boot/probe.ts'
import type { InitProgram } from '../engine-facts.ts'

/**
 * As first process llama-server does not hear SIGTERM while it loads, and afterwards it never answers or ends a plain
 * request that is under way. SIGHUP, which it does not handle, ends it at once; what a stop cuts off is lost either way
 * (docs/decisions/056-an-init-for-llama-cpp.md).
 */
export const hangUpInit: InitProgram = {
  packages: ['dumb-init', 'tini'],
  command: [
    // A stop that was asked for is no failure: 129, which is 128 and SIGHUP, becomes 0.
    ...['/usr/bin/tini', '-e', '129', '--'],
    ...['/usr/bin/dumb-init', '--rewrite', '15:1', '--rewrite', '2:1', '--'],
  ],
}

/** Measured with 0.7.0: at most 0.2 s on every occasion. */
export const stopByInit: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 10,
  exitCodes: [0],
  busy: {
    loading: { type: 'ends', line: 'loading model', exitCodes: [0] },
    streaming: { type: 'ends', exitCodes: [0] },
    plain: { type: 'ends', exitCodes: [0] },
  },
}

/** Images of the project, and those of locks from before the init. */
export const stopAlone: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 10,
  exitCodes: [0],
  busy: {
    loading: {
      type: 'deaf',
      source:
        'llama-server is the first process of this image and sets no handler before the model is loaded (measured, 0.7.0); `ingot lock` adds an init where the base has one',
    },
    streaming: { type: 'ends', exitCodes: [0] },
    plain: {
      type: 'ends-without-client',
      exitCodes: [0],
      source: 'measured with 0.7.0: 0 CPU seconds and no answer in 100 s after SIGTERM',
    },
  },
}
