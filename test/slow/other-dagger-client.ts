import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Loaded before a program: whoever asks for Dagger's client gets the one that is installed in INGOT_TEST_DAGGER_CLIENT.

const folder = process.env['INGOT_TEST_DAGGER_CLIENT'] ?? ''
const url = pathToFileURL(join(folder, 'node_modules/@dagger.io/dagger/dist/src/index.js')).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@dagger.io/dagger' ? { url, shortCircuit: true } : next(specifier, context),
})
