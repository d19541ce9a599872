// The kinds that are served right now: the built-in ones and those that CRDs add and take away.

import type { ResourceDefinition } from '@brume/api/resource'

/** Kubernetes' order of versions: GA before beta before alpha, then higher numbers first, then by name. */
export function compareVersions(a: string, b: string): number {
  const [ra, rb] = [rank(a), rank(b)]
  for (let i = 0; i < 3; i++) if (ra[i] !== rb[i]) return rb[i]! - ra[i]!
  return a < b ? -1 : a > b ? 1 : 0
}

function rank(version: string): [number, number, number] {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version)
  if (match === null) return [0, 0, 0]
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1
  return [stability, Number(match[1]), Number(match[3] ?? 0)]
}

export interface ServedGroup {
  group: string
  /** Preferred version first. */
  versions: string[]
}

export class ResourceRegistry {
  readonly #builtin: readonly ResourceDefinition[]
  readonly #byPath = new Map<string, ResourceDefinition>()
  readonly #byKind = new Map<string, ResourceDefinition>()
  readonly #dynamic = new Map<string, ResourceDefinition[]>()
  readonly #listeners = new Set<() => void>()
  #generation = 0
  #several: { generation: number; plurals: ReadonlySet<string> } | undefined

  constructor(builtin: Iterable<ResourceDefinition>) {
    this.#builtin = [...builtin]
    for (const definition of this.#builtin) this.#add(definition)
  }

  /** Changes whenever the set of served kinds changes: the key of every derived cache (discovery, OpenAPI). */
  get generation(): number {
    return this.#generation
  }

  lookup(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  lookupKind(group: string, version: string, kind: string): ResourceDefinition | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`)
  }

  /** The storage version of a resource; where that is not served (a CRD's choice), another one. */
  storageOf(group: string, plural: string): ResourceDefinition | undefined {
    const versions = this.all().filter((d) => d.plural === plural && d.group === group)
    return versions.find((d) => d.conversion === undefined) ?? versions[0]
  }

  /** The objects of the kind are served in more than one version, or (core Events) under more than one group. */
  hasSeveralVersions({ group, plural, conversion }: ResourceDefinition): boolean {
    if (conversion !== undefined) return true
    if (this.#several === undefined || this.#several.generation !== this.#generation) {
      const shared = this.all().filter((d) => d.conversion !== undefined)
      const plurals = new Set(shared.map((d) => `${d.conversion!.storageGroup}/${d.plural}`))
      this.#several = { generation: this.#generation, plurals }
    }
    return this.#several.plurals.has(`${group}/${plural}`)
  }

  /** Those that no CRD brought. */
  builtin(): readonly ResourceDefinition[] {
    return this.#builtin
  }

  all(): ResourceDefinition[] {
    return [...this.#byPath.values()]
  }

  inGroupVersion(group: string, version: string): ResourceDefinition[] {
    return this.all().filter((d) => d.group === group && d.version === version)
  }

  /** Core group first, then the built-in groups as declared, then CRD groups by name. */
  groups(): ServedGroup[] {
    const groups = new Map<string, Set<string>>()
    for (const d of this.#byPath.values()) {
      const versions = groups.get(d.group) ?? new Set()
      groups.set(d.group, versions.add(d.version))
    }
    return [...groups].map(([group, versions]) => ({ group, versions: [...versions].sort(compareVersions) }))
  }

  /** Replaces what `owner` (a CRD's name) serves; an empty list takes it away. */
  setDynamic(owner: string, definitions: ResourceDefinition[]): void {
    for (const old of this.#dynamic.get(owner) ?? []) this.#remove(old)
    if (definitions.length === 0) this.#dynamic.delete(owner)
    else this.#dynamic.set(owner, definitions)
    for (const definition of definitions) this.#add(definition)
    this.#generation++
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #add(definition: ResourceDefinition): void {
    const { group, version, plural, kind } = definition
    this.#byPath.set(`${group}/${version}/${plural}`, definition)
    this.#byKind.set(`${group}/${version}/${kind}`, definition)
  }

  /** Leaves what has taken its place since. */
  #remove(definition: ResourceDefinition): void {
    const { group, version, plural, kind } = definition
    const [path, id] = [`${group}/${version}/${plural}`, `${group}/${version}/${kind}`]
    if (this.#byPath.get(path) === definition) this.#byPath.delete(path)
    if (this.#byKind.get(id) === definition) this.#byKind.delete(id)
  }
}
