import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Projects by cost. `pure` starts no process and opens no socket; `contact` has registries, servers, validators and other tools,
// but no engine; `e2e` has an engine, and `e2e-alone` has it for itself; `slow` takes an hour. The limits are for a busy machine
// with two cores; no test installs anything, so none has to wait for a compiler (test/tools/install.ts). A test without an assertion
// fails.
// Files that a test copies are no tests of this repository.
const files = ['test/**/files/**']
const engine = ['test/e2e/**/*.test.ts']
// One engine serves all of them, and what these do to it others would feel: one prunes what it holds, one puts a server under load.
const alone = ['test/e2e/first-image.test.ts', 'test/e2e/bench.test.ts']
const slow = ['test/slow/**/*.test.ts']
const contact = ['test/contact/**/*.test.ts', 'test/**/*.contact.test.ts']

const onEngine = {
  setupFiles: ['test/limits/no-installation.ts'],
  expect: { requireAssertions: true },
  env: { INGOT_TEST_COST: 'e2e' },
  testTimeout: 900_000,
  hookTimeout: 900_000,
}

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
          // They wait for programs more than they compute: one worker leaves half of two cores idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'e2e-alone',
          sequence: { groupOrder: 2 },
          include: alone,
          ...onEngine,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: engine,
          exclude: [...alone, ...files],
          ...onEngine,
          // A second file works while the first waits for an archive or a container; boots take turns (pipelines/verify/turn.ts).
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'slow',
          sequence: { groupOrder: 4 },
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
