/** How the server of the sweep is started. */
export interface Setting {
  context: number
  unified: boolean
  flash: boolean
}

export const settings: readonly Setting[] = [
  { context: 8192, unified: true, flash: true },
  { context: 16384, unified: false, flash: true },
  { context: 8192, unified: true, flash: false },
  { context: 16384, unified: false, flash: false },
]

export const slots = 4
export const ubatch = 256
