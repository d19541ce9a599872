// Some built-in kinds for tests of what is derived from the set of kinds.

import { appsKinds } from '@brume/api/kinds/apps/kinds'
import { coreKinds } from '@brume/api/kinds/core/kinds'
import { coreWorkloadKinds } from '@brume/api/kinds/core/workload-kinds'
import { definitionOf, typeNameOf } from '@brume/api/kinds/definition'
import type { ResourceDefinition } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'

/** Core and apps. */
export function someDefinitions(): ResourceDefinition[] {
  const sources = [...coreKinds, ...coreWorkloadKinds, ...appsKinds]
  return sources.map((source) => definitionOf(source, schemaFor(typeNameOf(source))))
}
