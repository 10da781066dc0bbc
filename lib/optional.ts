/** An object with the one member, or without it where the value is undefined: for spreading under exactOptionalPropertyTypes. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  // One computed key typed as K is not something the compiler can follow.
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value }
}
