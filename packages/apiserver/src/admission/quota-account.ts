// What the objects of a namespace use of one quota: opened by counting them, then followed change by change.

import type { KubeObject } from '@brume/api/object'
import {
  addResources,
  maskResources,
  type ResourceList,
  subtractResources,
} from '@brume/api/quota/resource-list'
import { inScope } from '@brume/api/quota/scopes'
import { countName, type GroupPlural, kindsCountedBy, resourcesAmong, usageOf } from '@brume/api/quota/usage'
import type { ObjectReader } from '../registry/reader.ts'

export class QuotaAccount {
  readonly quota: KubeObject
  #used: ResourceList
  /** Kind and name -> what the object was charged, which is what its end gives back. */
  readonly #charges = new Map<string, ResourceList>()

  /** `now`: milliseconds since the epoch. */
  constructor(quota: KubeObject, reader: ObjectReader, now: number) {
    this.quota = quota
    const names = Object.keys(quota['spec']?.hard ?? {})
    this.#used = Object.fromEntries(names.map((name) => [name, '0']))
    for (const of of kindsCountedBy(names)) {
      for (const object of reader.list(of.group, of.plural, quota.metadata.namespace ?? '')) {
        this.put(of, object, now)
      }
    }
  }

  get used(): ResourceList {
    return this.#used
  }

  put(of: GroupPlural, object: KubeObject, now: number): void {
    this.remove(of, object)
    const charge = chargeOf(this.quota, of, object, now)
    if (Object.keys(charge).length === 0) return
    this.#charges.set(chargeKey(of, object), charge)
    this.#used = addResources(this.#used, charge)
  }

  remove(of: GroupPlural, object: KubeObject): void {
    const key = chargeKey(of, object)
    const charge = this.#charges.get(key)
    if (charge === undefined) return
    this.#charges.delete(key)
    this.#used = subtractResources(this.#used, charge)
  }
}

function chargeOf(quota: KubeObject, of: GroupPlural, object: KubeObject, now: number): ResourceList {
  const counted = resourcesAmong(of, Object.keys(quota['spec']?.hard ?? {}))
  if (counted.length === 0 || !inScope(quota, of, object)) return {}
  return maskResources(usageOf(of, object, now), counted)
}

function chargeKey(of: GroupPlural, object: KubeObject): string {
  return `${countName(of)}/${object.metadata.name}`
}
