import { writeFileSync } from 'node:fs'

// Loaded before the command that is measured (beside.ts): what its process used until its end.
const file = process.env['BENCH_USED']
if (file !== undefined)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    const used = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 }
    writeFileSync(file, JSON.stringify(used))
  })
