import { expect, test } from 'vitest'
import { builderOf } from '../../../pipelines/publish/documents.ts'

test('the builder is the workflow where GitHub names one', () => {
  expect(builderOf({})).toEqual({ builderId: 'urn:dev.ingot:builder:local' })
  expect(
    builderOf({
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_WORKFLOW_REF: 'acme/llm/.github/workflows/images.yml@refs/heads/main',
      GITHUB_REPOSITORY: 'acme/llm',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
    }),
  ).toEqual({
    builderId: 'https://github.com/acme/llm/.github/workflows/images.yml@refs/heads/main',
    invocationId: 'https://github.com/acme/llm/actions/runs/7/attempts/2',
  })
})
