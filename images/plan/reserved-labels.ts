import { use } from '../engines/reserved.ts'

const base = 'org.opencontainers.image.base.'

/** Labels of the OCI's own names that ingot writes, with what to do instead. */
const written: Readonly<Record<string, string>> = {
  'org.opencontainers.image.title': use('name'),
  'org.opencontainers.image.description':
    'it is made of model.name and the engine; choose a label of your own',
  'org.opencontainers.image.version': 'it is the locked version of the engine; choose a label of your own',
  'org.opencontainers.image.licenses': use('model.license'),
  'org.opencontainers.image.revision':
    'it would say which source the image is from; choose a label of your own',
  'org.opencontainers.image.created': 'images hold no dates, so that two builds are the same to the byte',
  'org.opencontainers.image.ref.name': 'names come from `ingot publish --to`',
}

/** Why a recipe cannot set this label, as a hint; undefined for one that is free. */
export function reservedLabel(name: string): string | undefined {
  const plain = name.trim().toLowerCase()
  if (plain === 'dev.ingot' || plain.startsWith('dev.ingot.'))
    return 'labels of dev.ingot say what was built and verified; choose a label of your own'
  if (plain.startsWith(base)) return use('image.base')
  return Object.hasOwn(written, plain) ? written[plain] : undefined
}
