// The schemas and levels that every server has, with the one spec that they may have: without them nobody could get
// in to mend a bad configuration.

import { BOOTSTRAP_FLOW_SCHEMAS, BOOTSTRAP_PRIORITY_LEVELS } from '../../bootstrap/flow-control.ts'
import type { KubeObject } from '../../object.ts'
import type { Json } from '../../validate/json.ts'

const MANDATORY = ['exempt', 'catch-all']

/** Name -> spec. */
export const MANDATORY_SCHEMAS = specsOf(BOOTSTRAP_FLOW_SCHEMAS)

/** Name -> spec. The shares of `exempt` may be changed. */
export const MANDATORY_LEVELS = specsOf(BOOTSTRAP_PRIORITY_LEVELS)

function specsOf(objects: readonly KubeObject[]): Readonly<Record<string, Json>> {
  const mandatory = objects.filter(({ metadata }) => MANDATORY.includes(metadata.name ?? ''))
  return Object.fromEntries(mandatory.map(({ metadata, spec }) => [metadata.name, spec]))
}
