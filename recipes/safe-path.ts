/** A path that stays inside the model folder on every system: relative, with forward slashes, without `.` or `..`. */
export function isSafePath(path: string): boolean {
  const parts = path.split('/')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  return !/[\\\u0000-\u001f\u007f]/.test(path) && parts.every((part) => !['', '.', '..'].includes(part))
}
