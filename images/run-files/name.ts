import { digestOf, hexOf } from '../../lib/digest.ts'

/** Longest name of a Service, and longest value of a label, in Kubernetes. */
const longest = 63

const label = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/

/**
 * The name of an image in run files: a label of DNS-1035, and no two names of recipes give the same one. Dots and underscores
 * become two and three dashes, which no recipe's name has; a name that begins with a digit or is too long gets a beginning
 * or an end of its own, with a hash of it.
 */
export function runName(name: string): string {
  const plain = name.replaceAll('.', '--').replaceAll('_', '---')
  if (plain.length <= longest && label.test(plain)) return plain
  const hash = hexOf(digestOf(name)).slice(0, 10)
  const begun = /^[a-z]/.test(plain) ? plain : `ingot-${plain}`
  const room = longest - hash.length - 4
  // Four dashes: neither a recipe's name nor any other way here gives them.
  return `${begun.slice(0, room).replace(/-+$/, '')}----${hash}`
}
