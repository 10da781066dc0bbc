import { noWheels } from '../../slim-rules/wheels.ts'

export const closure = { roots: ['/usr/bin/node', '/opt/echo/**'], data: [] }

export const wheels = noWheels
