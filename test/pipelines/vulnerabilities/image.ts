import { labelNames } from '../../../images/oci/label-names.ts'
import { assembleImage } from '../../../images/oci/oci.ts'
import { type ImagePlan, planDigestOf, planImage } from '../../../images/plan/plan.ts'
import type { Report } from '../../../images/report/report.ts'
import { markRemoved } from '../../../images/tree/dpkg-status.ts'
import type { PackageChanges } from '../../../images/tree/packages.ts'
import { keepRuntime } from '../../../pipelines/build/runtime.ts'
import type { OriginalImage } from '../../../pipelines/catalogue/built-image.ts'
import { keepOrigin } from '../../../pipelines/catalogue/origin-record.ts'
import { keepReport } from '../../../pipelines/catalogue/report-record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import type { VulnerabilityPolicy } from '../../../recipes/vulnerabilities.ts'
import { report } from '../../images/report-sample.ts'
import { lock, recipe as plain } from '../sbom/image.ts'
import { type Entry, layerOf } from '../scan/layers.ts'
import { storeImage } from '../store/store-image.ts'
import type { Advisory } from './database.ts'

const packages = {
  'perl-base': '5.36.0-7',
  zlib1g: '1:1.2.13.dfsg-1',
  libssl3: '3.0.15-1',
  tar: '1.34+dfsg-1.2',
}

const status = Object.entries(packages)
  .map(
    ([name, version]) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nDescription: sample\n\n`,
  )
  .join('')

const told = markRemoved(status, (name) => name === 'perl-base')

const libraries = '/usr/lib/x86_64-linux-gnu'
const site = '/opt/env/lib/python3.11/site-packages'

/** What the tree had: of perl-base and idna nothing stays, of tar and of acme a part, of the others all. */
const removed: [owner: string, path: string][] = [
  ['deb/perl-base', '/usr/bin/perl'],
  ['deb/perl-base', `${libraries}/perl-base/List/Util.pm`],
  ['deb/tar', '/usr/sbin/rmt-tar'],
  ['pypi/idna', `${site}/idna/__init__.py`],
  ['pypi/idna', `${site}/idna/core.py`],
  ['pypi/acme', `${site}/acme/server/admin.py`],
]

const left = (files: number, keptFiles: number) => ({ files, keptFiles })
const deb = (name: keyof typeof packages) => ({
  ...{ type: 'deb' as const, name, version: packages[name], architecture: 'amd64' },
})

export const changes: PackageChanges = {
  packages: [
    { ...deb('libssl3'), ...left(1, 1) },
    { ...deb('perl-base'), ...left(2, 0) },
    { ...deb('tar'), ...left(2, 1) },
    { ...deb('zlib1g'), ...left(1, 1) },
    { type: 'pypi', name: 'acme', version: '1.0', ...left(2, 1) },
    { type: 'pypi', name: 'idna', version: '3.6', ...left(2, 0) },
  ],
  removed: removed.map(([owner, path]) => `closure\t${owner}\t${path}\n`).join(''),
}

const metadata = (name: string, version: string) => ({
  name: `${site.slice(1)}/${name}-${version}.dist-info/METADATA`,
  text: `Metadata-Version: 2.4\nName: ${name}\nVersion: ${version}\n\n`,
})

const tree = (list: string): Entry[] => [
  { name: 'etc/os-release', text: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' },
  { name: 'var/lib/dpkg/status', text: list },
  { name: `${libraries.slice(1)}/libz.so.1.2.13`, text: 'zlib' },
  { name: `${libraries.slice(1)}/libssl.so.3`, text: 'openssl' },
  { name: 'usr/bin/tar', text: 'tar' },
  { name: `${site.slice(1)}/acme/__init__.py`, text: '' },
  metadata('acme', '1.0'),
  metadata('idna', '3.6'),
]

/** Every file of the sample image. */
export const presentPaths = tree(status).map(({ name }) => `/${name}`)

const advisory = (id: string, severity: string, name: string, more: Partial<Advisory> = {}): Advisory => ({
  ...{ id, severity, ecosystem: 'deb' as const, package: name, constraint: '< 9:99' },
  ...more,
})

/** Vulnerabilities of packages that are gone, of one that is there, of parts, and of nothing that was installed. */
export const advisories: Advisory[] = [
  advisory('CVE-2026-1001', 'critical', 'perl-base'),
  advisory('CVE-2026-1002', 'high', 'zlib1g', { fixedIn: '1:1.3.0-1', constraint: '< 1:1.3.0-1' }),
  advisory('CVE-2026-1003', 'high', 'tar'),
  advisory('CVE-2026-1004', 'low', 'libssl3', { constraint: '< 3.0.1-1' }),
  advisory('CVE-2026-1005', 'critical', 'bash'),
  ...[
    { id: 'GHSA-aaaa-bbbb-cccc', aliases: ['CVE-2026-2001'], package: 'idna' },
    { id: 'GHSA-dddd-eeee-ffff', aliases: ['CVE-2026-2002'], package: 'acme' },
  ].map((one) => ({ ...one, severity: 'high', ecosystem: 'python' as const, constraint: '< 4.0' })),
]

export interface SampleOptions {
  policy?: VulnerabilityPolicy
  /** Further entries of the finished tree. */
  entries?: readonly Entry[]
  /** Whether dpkg's list says what was removed. */
  isTold?: boolean
  hasChanges?: boolean
}

/** An image in a store, with what slimming took from it. */
export async function vulnerableImage(store: Store, options: SampleOptions = {}): Promise<OriginalImage> {
  const { policy, entries = [], isTold = false, hasChanges = true } = options
  const recipe = { ...plain, ...(policy && { vulnerabilities: policy }) }
  const plan: ImagePlan = planImage(recipe, lock)
  const runtime = await layerOf(store, [...tree(isTold ? told : status), ...entries])
  const labels = { [labelNames.plan]: planDigestOf(plan) }
  const image = assembleImage([runtime], { User: '10001:0', Labels: labels }, 'linux/amd64', {})
  const digest = await storeImage(store, image, `${recipe.name}:latest`)
  const { digest: layer, size: sizeBytes } = runtime.descriptor
  const made: Report = {
    ...report(),
    ...{ name: recipe.name, image: digest, plan: planDigestOf(plan), verdict: 'verified' },
    layers: [{ part: 'runtime', cause: 'runtime', digest: layer, sizeBytes }],
  }
  const stats = { removals: [], missing: [], stockBytes: 0, keptBytes: 0 }
  await keepRuntime(store, plan, { layers: [runtime], tree: stats, ...(hasChanges && { changes }) })
  const place = { file: 'sample.yaml', folder: '/nonexistent', lockFile: 'sample.lock.json' }
  await keepReport(store, made)
  await keepOrigin(store, planDigestOf(plan), { file: place.file, recipe, lock })
  return { plan, report: made, origin: { ...place, recipe, lock } }
}
