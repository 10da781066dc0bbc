/** Tools whose run file is one file. */
export const fileTargets = ['docker', 'compose', 'kubernetes', 'quadlet', 'kserve', 'kserve-llm'] as const
export type FileTarget = (typeof fileTargets)[number]

/** Tools that run files are for. A chart is a folder. */
export const runTargets = [...fileTargets, 'helm'] as const
export type RunTarget = (typeof runTargets)[number]

/** Those of a bundle: what every host and every cluster has. */
export const bundledTargets = ['docker', 'compose', 'kubernetes', 'quadlet'] as const satisfies FileTarget[]

/** Those that a cluster runs. */
export const clusterTargets = ['kubernetes', 'kserve', 'kserve-llm', 'helm'] as const satisfies RunTarget[]

export function isClusterTarget(target: RunTarget): boolean {
  const names: readonly RunTarget[] = clusterTargets
  return names.includes(target)
}

export interface RunFile {
  /** Path, relative to the folder that files are written to. */
  name: string
  content: string
}
