/** No Python is in the image. */
export const imports = null
