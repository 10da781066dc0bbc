import { installationIn, isKnown } from './programs.ts'
import { watchProcesses } from './watch.ts'

// What tests need is installed before them; see test/tools/catalogue.ts.

watchProcesses((started) => {
  const installation = installationIn(started)
  if (installation !== undefined)
    throw new Error(
      `a test installs something: ${installation}; to do: add it to test/tools/catalogue.ts and look it up`,
    )
  if (!isKnown(started))
    throw new Error(
      `a test starts ${started.program}, which a fresh machine may lack; to do: add it to test/tools/catalogue.ts, or to test/limits/programs.ts where every Debian has it`,
    )
})
