import { loadedRoutes } from '../servers/loaded.ts'
import { serve } from '../servers/openai.ts'

// The other side of load-generator.ts, in a process of its own: each answer has its first token after 200 ms and a further one every 50.

const server = await serve(loadedRoutes({ firstMs: 200, betweenMs: 50 }))
process.stdout.write(`${server.url}\n`)
