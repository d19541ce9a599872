// A process that stays small although it had to compile first: what translates TypeScript holds about 15 MB for good, and is
// not loaded where all of it is in Node's compile cache already.

import { flushCompileCache } from 'node:module'

/** Of the process that has begun again. */
const MARK = 'BRUME_BEGAN_AGAIN'
const TRANSLATOR = 'NativeModule internal/deps/amaro/dist/index'

/**
 * Keeps what was compiled and starts the same process anew, with the same number; only before anything else was done. Does
 * nothing when it did not have to compile, and nothing twice.
 */
export function beginAgainOnceCompiled(): void {
  const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] }
  if (process.env[MARK] !== undefined || !moduleLoadList.includes(TRANSLATOR)) return
  if (process.execve === undefined) return
  flushCompileCache()
  // That this function of Node's is experimental is not for people to read.
  process.removeAllListeners('warning')
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, argv, { ...process.env, [MARK]: '1' })
}
