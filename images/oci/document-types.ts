/** Media types of the documents that lie beside an image. */
export const documentTypes = {
  statement: 'application/vnd.in-toto+json',
  report: 'application/vnd.dev.ingot.report.v1+json',
  spdx: 'application/spdx+json',
  cycloneDx: 'application/vnd.cyclonedx+json',
} as const
