// Which Service has which element, when several want the same one (two with one external address and port, or backends
// that many Services share). The kernel has each key once. Pure but for what it remembers.

import { type Elements, MAP_NAMES, type MapName } from './elements.ts'

interface Claim {
  /** Oldest first; the first one's value counts. */
  readonly by: Map<string, string>
}

export class Owners {
  readonly #claims = new Map<MapName, Map<string, Claim>>(MAP_NAMES.map((name) => [name, new Map()]))
  readonly #ofService = new Map<string, Elements>()

  /** What the kernel's maps lose and get when the Service's elements are these from now on. */
  update(service: string, elements: Elements): { before: Elements; after: Elements; conflicts: string[] } {
    const touched = new Map<MapName, Set<string>>()
    const old = this.#ofService.get(service) ?? new Map()
    for (const map of MAP_NAMES) {
      const keys = new Set([...(old.get(map)?.keys() ?? []), ...(elements.get(map)?.keys() ?? [])])
      if (keys.size > 0) touched.set(map, keys)
    }
    const before = this.#valuesOf(touched)
    const conflicts: string[] = []
    for (const [map, keys] of touched) {
      for (const key of keys) {
        const value = elements.get(map)?.get(key)
        const others = this.#claim(map, service, key, value)
        if (value !== undefined && map !== 'hairpins' && others > 0) conflicts.push(key)
      }
    }
    if (elements.size === 0) this.#ofService.delete(service)
    else this.#ofService.set(service, elements)
    return { before, after: this.#valuesOf(touched), conflicts }
  }

  services(): Iterable<string> {
    return this.#ofService.keys()
  }

  /** What the kernel has for the key; undefined: nothing. */
  value(map: MapName, key: string): string | undefined {
    return this.#claims.get(map)?.get(key)?.by.values().next().value
  }

  /** Everything that the kernel is to have. */
  all(): Elements {
    const keys = new Map<MapName, Iterable<string>>()
    for (const [map, claims] of this.#claims) keys.set(map, claims.keys())
    return this.#valuesOf(keys)
  }

  /** Number of Services that had it before this one. */
  #claim(map: MapName, service: string, key: string, value: string | undefined): number {
    const claims = this.#claims.get(map)!
    const claim = claims.get(key) ?? { by: new Map<string, string>() }
    if (value === undefined) claim.by.delete(service)
    else claim.by.set(service, value)
    if (claim.by.size === 0) claims.delete(key)
    else claims.set(key, claim)
    return [...claim.by.keys()].indexOf(service)
  }

  #valuesOf(keys: ReadonlyMap<MapName, Iterable<string>>): Elements {
    const values: Elements = new Map()
    for (const [map, names] of keys) {
      const found = new Map<string, string>()
      for (const key of names) {
        const first = this.#claims.get(map)!.get(key)?.by.values().next()
        if (first !== undefined && first.done !== true) found.set(key, first.value)
      }
      if (found.size > 0) values.set(map, found)
    }
    return values
  }
}
