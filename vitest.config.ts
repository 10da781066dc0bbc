import { defineConfig } from 'vitest/config'

// Projects by cost. `pure` starts no process and opens no socket; `contact` has registries, servers, validators and other tools,
// but no engine; `e2e` has an engine; `slow` takes an hour. The limits are for a busy machine with two cores; no test installs
// anything, so none has to wait for a compiler (test/tools/install.ts). A test without an assertion fails.
// Files that a test copies are no tests of this repository.
const files = ['test/**/files/**']
const engine = ['test/e2e/**/*.test.ts']
const slow = ['test/slow/**/*.test.ts']
const contact = ['test/contact/**/*.test.ts', 'test/**/*.contact.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          // The cheaper projects come first.
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: [...contact, ...engine, ...slow, ...files],
          setupFiles: ['test/limits/pure.ts'],
          expect: { requireAssertions: true },
          env: { INGOT_TEST_COST: 'pure' },
          // Pure tests share nothing that one of them could change, so one worker loads the sources once for all.
          isolate: false,
          pool: 'threads',
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'contact',
          sequence: { groupOrder: 1 },
          include: contact,
          exclude: [...engine, ...slow, ...files],
          setupFiles: ['test/limits/no-installation.ts'],
          expect: { requireAssertions: true },
          env: { INGOT_TEST_COST: 'contact' },
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: engine,
          setupFiles: ['test/limits/no-installation.ts'],
          expect: { requireAssertions: true },
          env: { INGOT_TEST_COST: 'e2e' },
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // One engine serves them all, and one file prunes what it holds.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'slow',
          sequence: { groupOrder: 3 },
          include: slow,
          setupFiles: ['test/limits/no-installation.ts'],
          expect: { requireAssertions: true },
          env: { INGOT_TEST_COST: 'slow' },
          testTimeout: 7_200_000,
          hookTimeout: 7_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
