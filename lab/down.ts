import { parseArgs } from 'node:util'
import { takeDown } from './lab.ts'
import { labSettings } from './settings.ts'
import { say, tell } from './terminal.ts'

const { values } = parseArgs({ options: { purge: { type: 'boolean', default: false } } })
await tell(() => takeDown(labSettings(), say, values.purge))
