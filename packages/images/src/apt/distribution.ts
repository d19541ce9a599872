// Debian, Ubuntu and their kin as a source of packages.

import type { Distribution } from '../build/distribution.ts'
import { ImageError } from '../image-error.ts'
import type { Architecture } from '../oci/types.ts'
import { locked } from '../process/lock.ts'
import { prepareApt } from './config.ts'
import { fetchPackages, pruneArchives, refreshLists } from './fetch.ts'
import { type AptPackage, resolvePackages } from './resolve.ts'
import { unpackPackages } from './unpack.ts'

export const debian: Distribution = {
  name: 'debian',
  rootLinks,
  async find(request, options) {
    const dirs = await prepareApt(options.cacheDir, request.architecture)
    const packages = await locked(dirs.root, async () => {
      if (request.packages.length === 0) return []
      await refreshLists(dirs, options)
      const found = await resolvePackages(dirs, request, options.signal)
      try {
        await fetchPackages(dirs, found, options)
        await pruneArchives(dirs)
        return found
      } catch (error) {
        if (!(error instanceof ImageError)) throw error
        // A mirror drops a version when the next one comes: newer lists name what it has.
        options.onProgress(`${error.message}; trying again with new lists`)
        await refreshLists(dirs, options, true)
        const again: AptPackage[] = await resolvePackages(dirs, request, options.signal)
        await fetchPackages(dirs, again, options)
        return again
      }
    })
    return {
      packages,
      unpack: (tree) =>
        unpackPackages({ dirs, packages, tree, workDir: options.workDir, signal: options.signal }),
    }
  },
}

/** Since usr-merge the packages count on these, and none of them contains them. */
function rootLinks(architecture: Architecture): [string, string][] {
  const links: [string, string][] = [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/sbin'],
    ['lib', 'usr/lib'],
  ]
  return architecture === 'amd64' ? [...links, ['lib64', 'usr/lib64']] : links
}
