import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { mediaTypes } from '../../../images/oci/oci.ts'
import { recordedFindings } from '../../pipelines/vulnerabilities/recorded.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const descriptor = (mediaType: string, letter: string) => ({ mediaType, digest: digest(letter), size: 12 })

export const manifest = JSON.stringify(
  {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config, 'c'),
    layers: [descriptor(mediaTypes.layerZstd, 'd'), descriptor(mediaTypes.layerGzip, 'e')],
    annotations: { a: 'b' },
  },
  null,
  1,
)

export const index = JSON.stringify(
  {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        ...descriptor(mediaTypes.manifest, 'f'),
        platform: { os: 'linux', architecture: 'amd64' },
        annotations: { a: 'b' },
      },
    ],
  },
  null,
  1,
)

export const imageConfig = JSON.stringify(
  {
    os: 'linux',
    architecture: 'amd64',
    config: { Labels: { a: 'b' }, Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: [digest('1'), digest('2')] },
    history: [{ created_by: 'RUN a' }, { created_by: 'ENV', empty_layer: true }, {}],
  },
  null,
  1,
)

export const findings = readFileSync(recordedFindings, 'utf8')

export const sums = `${'a'.repeat(64)}  blobs/sha256/x\n${'b'.repeat(64)}  index.json\n`

export const chatTemplate =
  '{{ if .System }}<|im_start|>system\n{{ .System }}{{ end }}{{ range $i, $m := .Messages }}{{ if eq $m.Role "user" }}{{ $m.Content }}{{ else }}x{{- end }}{{ end }}'

/** One of the public authorities that Node carries. */
export const certificate = rootCertificates[0] ?? ''
