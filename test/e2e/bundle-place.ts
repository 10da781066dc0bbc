import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

const run = promisify(execFile)

/** The demo's image in a signed bundle, and a folder that is the site's. */
export interface BundlePlace {
  place: Workplace
  site: string
  bundle: string
  /** Digest of the image. */
  digest: string
  /** Files of the key that signed. */
  keys: { private: string; public: string }
  close(): Promise<void>
}

/** Builds and bundles as a person does; `options` are those of `ingot bundle`. */
export async function bundlePlace(...options: string[]): Promise<BundlePlace> {
  const place = await newWorkplace()
  const site = await mkdtemp(join(tmpdir(), 'ingot-site-'))
  const cosign = toolPath('cosign')
  Object.assign(place.environment, {
    INGOT_COSIGN: cosign,
    INGOT_GITLEAKS: toolPath('gitleaks'),
    COSIGN_PASSWORD: 'a-password-of-the-key',
  })
  const pair = ['generate-key-pair', '--output-key-prefix', 'site']
  await run(cosign, pair, { cwd: place.folder, env: place.environment })
  const keys = { private: join(place.folder, 'site.key'), public: join(site, 'site.pub') }
  await run('mv', [join(place.folder, 'site.pub'), keys.public])
  const built = await ingot(['build', demoRecipe, '--no-verify'], place)
  expect(built.code, built.stderr).toBe(0)
  const bundle = join(site, 'bundle')
  const given = ['--to', bundle, '--unverified', '--sign', keys.private, ...options]
  const bundled = await ingot(['bundle', demoRecipe, ...given], place)
  expect(bundled.code, bundled.stderr).toBe(0)
  return {
    place,
    site,
    bundle,
    digest: built.stdout.trimEnd().split('\n').at(-1) ?? '',
    keys,
    async close() {
      await rm(site, { recursive: true, force: true })
      await rm(place.folder, { recursive: true, force: true })
    },
  }
}
