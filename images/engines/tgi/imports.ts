import type { PythonImports } from '../engine-facts.ts'

/** uv's Python, on which the router's libpython and the environment's links depend (tgi#3082). */
export const rootPython = '/root/.local/share/uv/python'

export const movedPython = '/opt/uv/python'

export const imports: PythonImports = {
  modules: ['text_generation_server', 'text_generation_server.cli', 'text_generation_server.models'],
  imagePython: '/usr/src/.venv/bin/python',
}
