// The kinds of each group version, and values derived from them that live as long as those kinds stay the same.

import type { ResourceDefinition } from '@brume/api/resource'
import type { ResourceRegistry } from '../registry/resources.ts'

/** `api/v1`, `apis/apps/v1` -> its kinds, in order of the paths. */
export function groupVersionsOf(registry: ResourceRegistry): Map<string, ResourceDefinition[]> {
  const byPath = Map.groupBy(registry.all(), ({ group, version }) =>
    group === '' ? `api/${version}` : `apis/${group}/${version}`,
  )
  return new Map([...byPath].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One value for each key, made anew when the definitions under the key are others than before. */
export class DerivedCache<T> {
  readonly #entries = new Map<string, { definitions: readonly ResourceDefinition[]; value: T }>()
  readonly #derive: (definitions: readonly ResourceDefinition[], key: string) => T

  constructor(derive: (definitions: readonly ResourceDefinition[], key: string) => T) {
    this.#derive = derive
  }

  get(key: string, definitions: readonly ResourceDefinition[]): T {
    const known = this.#entries.get(key)
    if (known !== undefined && sameMembers(known.definitions, definitions)) return known.value
    const value = this.#derive(definitions, key)
    this.#entries.set(key, { definitions, value })
    return value
  }

  /** Forgets what is under other keys than these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key)
  }
}

function sameMembers(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
