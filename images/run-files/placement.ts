/** A taint that the pod may stand on; without a value any value of the key is tolerated, without an effect every effect. */
export interface Toleration {
  key: string
  value?: string
  effect?: TaintEffect
}

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const
export type TaintEffect = (typeof taintEffects)[number]

/** A variable whose value stands in a Secret, never in a run file. */
export interface SecretVariable {
  variable: string
  secret: string
  key: string
}

/** What the site says of where a server runs. Texts are checked before: they are written into scripts and units as they are. */
export interface Placement {
  /** Indexes of the GPUs, as many as the image uses; undefined for the first ones, or for those that the tool chooses. */
  devices?: readonly number[]
  /** Whether the host enforces SELinux: then a folder of weights gets a label that containers may read. */
  hasSelinux: boolean
  /** A PersistentVolumeClaim that is filled already. */
  claim?: string
  /** Where the claim comes from that is asked for without one; undefined for the cluster's usual class. */
  storageClass?: string
  nodeSelector: Readonly<Record<string, string>>
  tolerations: readonly Toleration[]
  runtimeClass?: string
  pullSecrets: readonly string[]
  secretVariables: readonly SecretVariable[]
}

/** No wishes: what run files are made by where nobody names any. */
export const anywhere: Placement = {
  hasSelinux: false,
  nodeSelector: {},
  tolerations: [],
  pullSecrets: [],
  secretVariables: [],
}
