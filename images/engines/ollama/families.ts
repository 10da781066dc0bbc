/** Go templates of families whose tools or thoughts no plain template carries; none is taken without a comparison. */
export const families: readonly string[] = []
