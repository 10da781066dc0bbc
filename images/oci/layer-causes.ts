/** How the layer of the recipe's own files is called in history and reports; by it the layer is told from others. */
export const ownLayerCause = 'files of the recipe'

/** The layer with what the engine compiled in a boot. */
export const compileCacheCause = 'compiled by the engine at its start'
