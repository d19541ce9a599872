// What a distribution does for an image: finds packages with all they need, fetches them, and unpacks them into a tree.

import type { Architecture } from '../oci/types.ts'
import type { FileTree } from './tree.ts'

export interface PackageRequest {
  packages: readonly string[]
  /** Names, or patterns with `*`: left out, with what only they need. */
  without: readonly string[]
  architecture: Architecture
}

export interface FoundPackage {
  name: string
  version: string
}

export interface PackageSet {
  /** Sorted by name. */
  packages: readonly FoundPackage[]
  unpack(tree: FileTree): Promise<void>
}

export interface DistributionOptions {
  /** Downloads and package lists are kept there. */
  cacheDir: string
  /** Exists until the tree has been written. */
  workDir: string
  onProgress(line: string): void
  signal?: AbortSignal | undefined
}

export interface Distribution {
  /** As recipes name it. */
  name: string
  /** Which links every root of it has, as [path, target]. */
  rootLinks(architecture: Architecture): readonly (readonly [string, string])[]
  /** Fetches what is not in the cache. Throws ImageError naming a package that does not exist. */
  find(request: PackageRequest, options: DistributionOptions): Promise<PackageSet>
}

/** Whether a name is one of the patterns'. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return pattern === name
    const [first, ...rest] = pattern.split('*')
    if (!name.startsWith(first!)) return false
    const last = rest.pop()!
    let at = first!.length
    for (const part of rest) {
      const found = name.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return name.length - last.length >= at && name.endsWith(last)
  })
}
