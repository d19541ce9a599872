// How much of each quota is used right now: by the objects that are there and by writes that are under way. Exact at
// any time, so two writes at once can never both take the last of a quota. (ResourceQuota.status, which a controller
// writes, is for people to look at.)

import type { KubeObject } from '@brume/api/object'
import { addResources, type ResourceList } from '@brume/api/quota/resource-list'
import { countName, type GroupPlural, kindsCountedBy, usageOf } from '@brume/api/quota/usage'
import type { Clock } from '@brume/base/clock'
import { deepEqual } from '@brume/base/values'
import type { ObjectChange, ObjectReader } from '../registry/reader.ts'
import { QuotaAccount } from './quota-account.ts'

export interface QuotaLedger {
  /** Used of each resource of spec.hard. `recount`: look at every object again (a pod's time may have run out). */
  used(quota: KubeObject, options?: { recount: boolean }): ResourceList
  /** Counts a write under way until it is seen as a change of the object, or taken back by the function returned. */
  reserve(write: WriteUnderWay): () => void
}

export interface WriteUnderWay {
  of: GroupPlural
  /** As it will be stored. */
  object: KubeObject
  isCreate: boolean
  /** What it takes of each quota. */
  takes: readonly { quota: KubeObject; amount: ResourceList }[]
}

export function createQuotaLedger(reader: ObjectReader, clock: Clock): QuotaLedger {
  const accounts = new Map<string, QuotaAccount>()
  const underWay = new Set<WriteUnderWay>()
  const followed = new Set<string>()

  reader.onChange('', 'resourcequotas', ({ type, object, previous }) => {
    const isSame = type === 'put' && deepEqual(object['spec'], previous?.['spec'])
    if (!isSame) accounts.delete(keyOf(object))
  })

  function follow(of: GroupPlural): void {
    const kind = countName(of)
    if (followed.has(kind)) return
    followed.add(kind)
    reader.onChange(of.group, of.plural, (change) => {
      settle(of, change)
      for (const account of accounts.values()) {
        if (account.quota.metadata.namespace !== change.object.metadata.namespace) continue
        if (change.type === 'delete') account.remove(of, change.object)
        else account.put(of, change.object, clock.now())
      }
    })
  }

  /** A write is done when the new object is seen, or the one under change is seen to count for more or less, or to end. */
  function settle(of: GroupPlural, { type, object, previous }: ObjectChange): void {
    for (const write of underWay) {
      if (write.object.metadata.uid !== object.metadata.uid || countName(write.of) !== countName(of)) continue
      const now = clock.now()
      const isDone =
        type === 'delete' ||
        write.isCreate ||
        previous === undefined ||
        !deepEqual(usageOf(of, object, now), usageOf(of, previous, now))
      if (!isDone) continue
      underWay.delete(write)
      return
    }
  }

  function account(quota: KubeObject, recount: boolean): QuotaAccount {
    const known = accounts.get(keyOf(quota))
    if (known !== undefined && !recount) return known
    for (const of of kindsCountedBy(Object.keys(quota['spec']?.hard ?? {}))) follow(of)
    const opened = new QuotaAccount(quota, reader, clock.now())
    accounts.set(keyOf(quota), opened)
    return opened
  }

  return {
    used(quota, { recount } = { recount: false }) {
      let { used } = account(quota, recount)
      for (const { takes } of underWay) {
        for (const take of takes)
          if (keyOf(take.quota) === keyOf(quota)) used = addResources(used, take.amount)
      }
      return used
    },
    reserve(write) {
      follow(write.of)
      underWay.add(write)
      return () => void underWay.delete(write)
    },
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}
