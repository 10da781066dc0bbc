import { noWheels } from '../../slim-rules/wheels.ts'

export const closure = {
  roots: ['/usr/bin/llama-server', '/usr/lib/**/ggml/**', '/app/llama-server', '/app/*.so*'],
  data: ['/usr/share/llama.cpp*/**'],
}

export const wheels = noWheels
