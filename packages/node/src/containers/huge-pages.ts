// Huge pages: what a container may have of each size.

import type { ResourceList } from '@brume/api/quota/resource-list'
import { quantityValue } from '@brume/base/quantity'
import type { Message } from '../cri/messages.ts'

const PREFIX = 'hugepages-'
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** One limit for each of the node's sizes; a size that the container does not ask for is limited to nothing. */
export function hugePageLimits(limits: ResourceList, sizes: readonly string[]): Message<'HugepageLimit'>[] {
  const asked = new Map<string, number>()
  for (const [name, amount] of Object.entries(limits)) {
    if (name.startsWith(PREFIX)) asked.set(pageSizeText(name.slice(PREFIX.length)), quantityValue(amount))
  }
  return sizes.map((pageSize) => ({ pageSize, limit: asked.get(pageSize) ?? 0 }))
}

/** `2Mi` -> `2MB`, as the kernel's controller names its files. */
function pageSizeText(quantity: string): string {
  let size = quantityValue(quantity)
  let unit = 0
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024
    unit++
  }
  return `${size}${UNITS[unit]}`
}
