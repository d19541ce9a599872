// Which huge pages an emptyDir of the medium HugePages is made of (Kubernetes' documentation, "Manage HugePages"): those that
// the pod asks for.

import { podLimits } from '@brume/api/quota/pod-resources'
import { quantityValue } from '@brume/base/quantity'
import type { Pod } from '../contract.ts'

export interface HugePages {
  /** Of one page. */
  sizeBytes: number
  /** Of all that the pod may have of this size. */
  limitBytes: number
}

const MEDIUM = 'HugePages'
const RESOURCE = 'hugepages-'

/** undefined: another medium. Throws Error when the pod does not say which pages. */
export function hugePagesOf(medium: string, pod: Pod): HugePages | undefined {
  if (medium !== MEDIUM && !medium.startsWith(`${MEDIUM}-`)) return undefined
  const limits = Object.entries(podLimits(pod)).filter(([name]) => name.startsWith(RESOURCE))
  const asked = limits.map(([name, amount]) => ({
    sizeBytes: quantityValue(name.slice(RESOURCE.length)),
    limitBytes: quantityValue(amount),
  }))
  if (asked.length === 0)
    throw new Error(
      `medium ${medium} is for pods that ask for huge pages: give a container the limit ${RESOURCE}2Mi`,
    )
  if (medium === MEDIUM) {
    if (asked.length > 1)
      throw new Error(
        `medium ${medium} does not say which of the pod's sizes of huge pages: name one, such as ${MEDIUM}-2Mi`,
      )
    return asked[0]
  }
  const sizeBytes = quantityValue(medium.slice(MEDIUM.length + 1))
  const found = asked.find((pages) => pages.sizeBytes === sizeBytes)
  if (found !== undefined) return found
  throw new Error(
    `medium ${medium} is of a size that no container of the pod asks for (${limits.map(([name]) => name).join(', ')})`,
  )
}
