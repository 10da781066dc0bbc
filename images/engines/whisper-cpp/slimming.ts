import { noWheels } from '../../slim-rules/wheels.ts'

export const closure = { roots: ['/usr/bin/whisper-server', '/usr/lib/**/ggml/**'], data: [] }

export const wheels = noWheels
