// The quality-of-service class of a pod, from the cpu and memory that its containers ask for.

import { addQuantity, compareQuantity } from '@brume/base/quantity'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const COUNTED = ['cpu', 'memory']

/** Guaranteed needs limits for both on every container, and requests that equal them. */
export function qosClassOf(spec: Json): QosClass {
  const requests: Record<string, string> = {}
  const limits: Record<string, string> = {}
  let guaranteed = true
  for (const container of [...listOf(spec?.containers), ...listOf(spec?.initContainers)]) {
    addPositive(requests, container.resources?.requests)
    const found = addPositive(limits, container.resources?.limits)
    if (found < COUNTED.length) guaranteed = false
  }
  const named = Object.keys(requests)
  if (named.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  const equal = named.every((name) => {
    const limit = limits[name]
    return limit !== undefined && compareQuantity(limit, requests[name]!) === 0
  })
  return guaranteed && equal && named.length === Object.keys(limits).length ? 'Guaranteed' : 'Burstable'
}

/** Adds cpu and memory that are above zero; how many of the two were. */
function addPositive(sums: Record<string, string>, list: Json): number {
  let found = 0
  for (const [name, quantity] of Object.entries(mapOf(list))) {
    if (!COUNTED.includes(name) || compareQuantity(quantity, '0') <= 0) continue
    found += 1
    const sum = sums[name]
    sums[name] = sum === undefined ? quantity : addQuantity(sum, quantity)
  }
  return found
}
