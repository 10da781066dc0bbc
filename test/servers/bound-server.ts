import { parseArgs } from 'node:util'
import { serve } from './openai.ts'

/** A small server that is told where to listen as real ones are: by `--host` and `--port`, or by HOST and PORT. */
const { values } = parseArgs({ options: { host: { type: 'string' }, port: { type: 'string' } } })
const host = values.host ?? process.env['HOST'] ?? '0.0.0.0'
await serve({}, { host, port: Number(values.port ?? process.env['PORT'] ?? 8080) })
// The first process of a container gets no signal that it does not handle.
process.on('SIGTERM', () => process.exit(0))
process.stdout.write('listening\n')
