// Which node a user is: `system:node:NAME` in the group system:nodes.

import type { UserInfo } from '../types.ts'

const PREFIX = 'system:node:'
const GROUP = 'system:nodes'

/** undefined when the user is not a node; '' for one that does not say which. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.groups.includes(GROUP)) return undefined
  return user.name.startsWith(PREFIX) ? user.name.slice(PREFIX.length) : undefined
}
