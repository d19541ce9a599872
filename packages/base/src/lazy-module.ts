// Modules that few processes need and that cost memory or start-up time: loaded when first used.

import { createRequire } from 'node:module'

/**
 * Gives the module's exports, loading it on the first call (synchronously; some milliseconds). `from` is the caller's
 * import.meta.url. The module must not await at its top level.
 */
export function lazyModule<T>(specifier: string, from: string): () => T {
  const require = createRequire(from)
  let loaded: T | undefined
  return () => {
    loaded ??= require(specifier) as T
    return loaded
  }
}
