/** What the starter workflow writes where no recipe is there yet. */
const placeholder = 'recipes/NAME.yaml'

/** Why what is published must have kept its limits, or how it comes to that. */
const gated = '# Publishes nothing that did not keep its limits under load, or whose answers did not.'
const ungated =
  '# Once each recipe has limits in verify.load or verify.quality, this publishes nothing that did not keep them:'

/**
 * A GitHub workflow that builds, boots and verifies recipes for processors at each change, and publishes from the main branch. Where
 * each has limits for the bench it demands that they were kept.
 */
export function starterWorkflow(recipes: readonly { file: string; limits: number }[]): string {
  const files = recipes.length === 0 ? [placeholder] : recipes.map(({ file }) => file)
  const isGated = recipes.length > 0 && recipes.every(({ limits }) => limits > 0)
  return `# Written by \`ingot init --ci\`. Each recipe is built, booted and verified; what is on main is published by its digest.
# Hosted runners have no GPU: recipes with target.gpu need a runner of your own, as ingot's docs/github-actions.md says.
name: images
on:
  pull_request:
  push:
    branches: [main]
permissions: {}
jobs:
  image:
    runs-on: ubuntu-24.04
    timeout-minutes: 60
    permissions:
      contents: read
      packages: write
    strategy:
      fail-fast: false
      matrix:
        recipe:
${files.map((file) => `          - ${JSON.stringify(file)}\n`).join('')}    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      # Set the owner and the commit of ingot.
      - uses: OWNER/ingot@COMMIT
        with:
          recipe: \${{ matrix.recipe }}
          to: \${{ github.ref == 'refs/heads/main' && format('ghcr.io/{0}', github.repository) || '' }}
          username: \${{ github.actor }}
          password: \${{ secrets.GITHUB_TOKEN }}
          hf-token: \${{ secrets.HF_TOKEN }}
          ${isGated ? gated : ungated}
          ${isGated ? '' : '# '}bench: "true"
`
}
