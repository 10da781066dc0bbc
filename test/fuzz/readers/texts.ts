import { parseSums } from '../../../images/oci/bundle.ts'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { parseStatus } from '../../../images/tree/dpkg-status.ts'
import { parseInventory } from '../../../images/tree/inventory.ts'
import { parseRemoved } from '../../../images/tree/packages.ts'
import { parseFindings } from '../../../images/vulnerabilities/finding.ts'
import { parseGoTemplate } from '../../../lib/go-template/parser.ts'
import { parseConfig } from '../../../pipelines/image-reader/image.ts'
import { factsFromFiles, shardsOfIndex } from '../../../pipelines/model-reader/facts.ts'
import { parseChallenge } from '../../../pipelines/network/challenge.ts'
import { parsePrintedUris } from '../../../pipelines/software/debian.ts'
import { parsePylock } from '../../../pipelines/software/python.ts'
import { parseManifest } from '../../../pipelines/store/manifest.ts'
import { parseRecord } from '../../../pipelines/weights/pypi.ts'
import { parsePipConfig } from '../../../pipelines/weights/python-index.ts'
import { readCertificates } from '../../../recipes/certificates.ts'
import { formatLock, parseLock } from '../../../recipes/lock.ts'
import { parseRecipe } from '../../../recipes/parse.ts'
import { lockFor, readRecipe, readRecipeText, recipeFiles } from '../../images/engines/fixtures.ts'
import { config } from '../../pipelines/memory-files.ts'
import type { ForeignReader } from './reader.ts'
import { certificate, chatTemplate, findings, imageConfig, manifest, sums } from './samples.ts'

const text = (...samples: (() => string)[]) => ({
  kind: 'text' as const,
  samples: samples.map((sample) => () => Buffer.from(sample())),
})

const digest = 'a'.repeat(64)
const dpkg = 'Package: tar\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.34\n\n'
const uris = `'http://example.org/a_1%3a2_amd64.deb' a_1%3a2_amd64.deb 1234 SHA256:${digest}\n`
const tree = 'd\t755\t0\t1\tusr\t\0f\t644\t10\t2\tusr/bin/tar\t\0l\t777\t0\t3\tlib\tusr/lib\0'
const wheel = { url: 'https://example.org/a-1-py3-none-any.whl', size: 1, hashes: { sha256: digest } }
const headers = [{ 'lm_head.weight': { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] } }]

/** Readers of texts: recipes and locks, configurations, documents and lists. */
export const textReaders: ForeignReader[] = [
  {
    name: 'recipe',
    ...text(...recipeFiles.map((name) => () => readRecipeText(name))),
    read: (bytes) => parseRecipe(bytes.toString('utf8'), 'r.yaml', judgeRecipe),
  },
  {
    name: 'lock',
    ...text(...recipeFiles.slice(0, 6).map((name) => () => formatLock(lockFor(readRecipe(name))))),
    read: (bytes) => parseLock(bytes.toString('utf8'), 'r.lock.json'),
  },
  {
    name: 'config.json',
    ...text(() => JSON.stringify(config, null, 2)),
    read: (bytes) =>
      factsFromFiles({ label: 'a model', configText: bytes.toString('utf8'), quantText: undefined, headers }),
  },
  {
    name: 'index of safetensors',
    ...text(() => JSON.stringify({ weight_map: { a: 'x.safetensors', b: 'y.safetensors' } })),
    read: (bytes) => shardsOfIndex(bytes.toString('utf8'), 'a model'),
  },
  {
    name: 'manifest in the store',
    ...text(() => manifest),
    read: (bytes) => parseManifest(bytes.toString('utf8')),
  },
  {
    name: 'image config',
    ...text(() => imageConfig),
    read: (bytes) => parseConfig(bytes.toString('utf8'), 'an image'),
  },
  {
    name: 'findings of grype',
    ...text(() => findings),
    read: (bytes) => parseFindings(bytes.toString('utf8')),
  },
  { name: 'sums of a bundle', ...text(() => sums), read: (bytes) => parseSums(bytes.toString('utf8')) },
  {
    name: 'lists of packages',
    ...text(
      () => dpkg,
      () => `closure\tdeb/tar\t/usr/bin/tar\n`,
    ),
    read: (bytes) => [parseStatus(bytes.toString('utf8')), parseRemoved(bytes.toString('utf8'))],
  },
  {
    name: 'list of a tree',
    ...text(() => tree),
    read: (bytes) => {
      const all = bytes.toString('utf8')
      return parseInventory({
        tree: all,
        elf: all,
        owners: all,
        basePackages: all,
        licences: all,
        status: all,
      })
    },
  },
  {
    name: 'certificates',
    ...text(() => certificate),
    read: (bytes) => readCertificates('ca.pem', bytes),
  },
  {
    name: 'chat template of Go',
    ...text(() => chatTemplate),
    tellsInWords: true,
    read: (bytes) => parseGoTemplate(bytes.toString('utf8')),
  },
  {
    name: 'challenge of a registry',
    ...text(
      () => 'Bearer realm="https://auth.example.org/token",service="registry",scope="repository:a:pull"',
    ),
    read: (bytes) => parseChallenge(bytes.toString('utf8')),
  },
  {
    name: 'answers of package tools',
    ...text(
      () => uris,
      () => "global.index-url='https://example.org/simple'\n",
      () => `a/b.py,sha256=${digest},12\n"a,b.py",,\n`,
    ),
    tellsInWords: true,
    read: (bytes) => {
      const all = bytes.toString('utf8')
      return [parsePrintedUris(all), parsePipConfig(all), parseRecord(all)]
    },
  },
  {
    name: 'lock of Python packages',
    ...text(() => JSON.stringify({ packages: [{ name: 'a', version: '1', wheels: [wheel] }] })),
    tellsInWords: true,
    read: (bytes) => parsePylock(jsonOrText(bytes.toString('utf8'))),
  },
]

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
