import type { CommandTable } from '../../command-line/option-table.ts'
import { signingOptions } from './signing.ts'

export const publishTable = {
  name: 'publish',
  summary:
    'send verified images by digest, scanned, with SBOM and provenance, or copy one from another registry with all that is beside it; tags last; prints the digest last',
  positionals: { name: 'RECIPE|NAME|DIGEST|HOST/NAME', least: 1, most: 20 },
  options: {
    to: {
      kind: 'text',
      value: 'REF',
      isRequired: true,
      help: 'host/repository[:tag]; without any tag it is latest. Several recipes become one multi-platform index',
    },
    tag: { kind: 'text', value: 'TAG', isRepeatable: true, help: 'a further tag, set last' },
    unverified: { kind: 'flag', help: 'publish an image that no boot verified; its provenance says so' },
    benched: {
      kind: 'flag',
      help: 'refuse an image whose last `ingot bench` did not keep the limits of its recipe, or that never was there',
    },
    'no-attachments': {
      kind: 'flag',
      help: 'leave out provenance, report and SBOM, which otherwise go along as referrers',
    },
    sbom: {
      kind: 'flag',
      help: 'fail where syft is missing; without this the SBOM is left out there, and that is said',
    },
    ...signingOptions,
    'mount-from': {
      kind: 'text',
      value: 'REPO',
      isRepeatable: true,
      help: 'a repository of the same host that may have the blobs',
    },
    'chunk-size': {
      kind: 'bytes',
      range: [1, Number.MAX_SAFE_INTEGER],
      help: 'largest piece of one upload request, such as 64MiB; without this, whole blobs',
    },
    parallel: { kind: 'count', range: [1, 64], default: 4, help: 'blobs sent at the same time' },
    username: {
      kind: 'text',
      value: 'NAME',
      help: 'user of the registry, with --password-from; without this, what docker login or podman login keep',
    },
    'password-from': {
      kind: 'text',
      value: 'URI',
      help: 'where the password is: env://NAME, file://PATH, cmd://COMMAND, or what Dagger reads: op://, vault://, libsecret://, gcp://, aws+sm://, aws+ps://; never the password itself',
    },
    json: { kind: 'flag', help: 'the result as JSON' },
  },
} as const satisfies CommandTable
