// Resolving imports of this repository's own files costs more than running them: for each Node asks the file system for
// links, package scopes and `exports`. Here all of them follow one rule, so the start of a control plane takes about a
// third less CPU. Anything else is resolved as always.

import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const PACKAGE = /^@brume\/([a-z]+)\/(.+)$/
const RELATIVE = /^\.{1,2}\/.+\.ts$/
const FORMAT = 'module-typescript'

/** For imports from now on, in this thread. */
export function resolveOwnFilesFast(): void {
  const packages = pathToFileURL(join(import.meta.dirname, '../../'))
  registerHooks({
    resolve(specifier, context, next) {
      const named = PACKAGE.exec(specifier)
      if (named !== null) {
        const { href } = new URL(`${named[1]}/src/${named[2]}.ts`, packages)
        return { url: href, format: FORMAT, shortCircuit: true }
      }
      const { parentURL = '' } = context
      if (parentURL.startsWith(packages.href) && RELATIVE.test(specifier)) {
        return { url: new URL(specifier, parentURL).href, format: FORMAT, shortCircuit: true }
      }
      return next(specifier, context)
    },
  })
}
