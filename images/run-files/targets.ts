/** Tools that run files are for. */
export const runTargets = ['docker', 'compose', 'kubernetes', 'quadlet'] as const
export type RunTarget = (typeof runTargets)[number]
