import type { Deployment, Refusal } from '../engines/engine.ts'

/** Refuses to keep certificates where the base has none: Debian's slim bases come without. */
export function trustRefusals({ recipe, runtime }: Deployment): Refusal[] {
  const { trust, base } = recipe.image
  if (trust === undefined || runtime.source.type === 'upstream' || base !== undefined) return []
  return [
    {
      path: 'image.trust',
      found: `keep, and ${runtime.source.base} has no certificates`,
      hint: 'name a base that has them in image.base, or take the official image (engine.runtime: upstream)',
    },
  ]
}

/** Says that a model that sees cannot fetch what it is asked about, where the certificates go. */
export function trustDoubts({ recipe, facts }: Deployment): string[] {
  const { trust, slim } = recipe.image
  const goes = trust === undefined && (slim === true || (slim !== false && slim.includes('safe')))
  if (!goes || !facts?.vision) return []
  return [
    'the model takes images, and the rule trust-store removes the certificates: an image_url by https cannot be fetched; send images as data, or set image.trust to keep',
  ]
}
