/** Media types of the documents that lie beside an image. */
export const documentTypes = {
  statement: 'application/vnd.in-toto+json',
  report: 'application/vnd.dev.ingot.report.v1+json',
  bench: 'application/vnd.dev.ingot.bench.v1+json',
  spdx: 'application/spdx+json',
  cycloneDx: 'application/vnd.cyclonedx+json',
  /** Of the manifest alone: a signature over the files of the model, as model_signing of the OpenSSF reads it. */
  modelSignature: 'application/vnd.dev.ingot.model-signature.v1+json',
  /** Of the manifest alone: its document is CycloneDX as well, and no list of contents. */
  cycloneDxVex: 'application/vnd.dev.ingot.cyclonedx-vex.v1+json',
} as const
