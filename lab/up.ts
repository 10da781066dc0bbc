import { bringUp } from './lab.ts'
import { describeRuntime, findRuntime, needsLab } from './runtime.ts'
import { labSettings } from './settings.ts'
import { say, tell } from './terminal.ts'

await tell(async (signal) => {
  const runtime = await findRuntime()
  if (!needsLab(runtime))
    return say(`not needed: ${describeRuntime(runtime)}; INGOT_LAB=1 brings it up anyway`)
  if (runtime.kind !== 'lab') say(`needed: ${describeRuntime(runtime)}`)
  await bringUp(labSettings(), say, signal)
})
