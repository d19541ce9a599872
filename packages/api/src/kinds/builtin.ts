// Every kind that the server has without any CRD, in the order in which Kubernetes lists its groups.

import type { ResourceDefinition } from '../resource.ts'
import { schemaFor } from '../schema/compile.ts'
import { admissionregistrationKinds } from './admissionregistration/kinds.ts'
import { apiextensionsKinds } from './apiextensions/kinds.ts'
import { apiregistrationKinds } from './apiregistration/kinds.ts'
import { appsKinds } from './apps/kinds.ts'
import { authenticationKinds } from './authentication/kinds.ts'
import { authorizationKinds } from './authorization/kinds.ts'
import { autoscalingKinds } from './autoscaling/kinds.ts'
import { batchKinds } from './batch/kinds.ts'
import { certificatesKinds } from './certificates/kinds.ts'
import { coordinationKinds } from './coordination/kinds.ts'
import { coreKinds } from './core/kinds.ts'
import { coreWorkloadKinds } from './core/workload-kinds.ts'
import type { KindSource } from './define.ts'
import { definitionOf, typeNameOf } from './definition.ts'
import { discoveryKinds } from './discovery/kinds.ts'
import { eventsKinds } from './events/kinds.ts'
import { flowcontrolKinds } from './flowcontrol/kinds.ts'
import { metricsKinds } from './metrics/kinds.ts'
import { networkingKinds } from './networking/kinds.ts'
import { nodeKinds } from './node/kinds.ts'
import { policyKinds } from './policy/kinds.ts'
import { rbacKinds } from './rbac/kinds.ts'
import { schedulingKinds } from './scheduling/kinds.ts'
import { storageKinds } from './storage/kinds.ts'

const SOURCES: readonly KindSource[] = [
  ...byPlural([...coreKinds, ...coreWorkloadKinds]),
  ...apiregistrationKinds,
  ...appsKinds,
  ...eventsKinds,
  ...authenticationKinds,
  ...authorizationKinds,
  ...autoscalingKinds,
  ...batchKinds,
  ...certificatesKinds,
  ...networkingKinds,
  ...policyKinds,
  ...rbacKinds,
  ...storageKinds,
  ...admissionregistrationKinds,
  ...apiextensionsKinds,
  ...schedulingKinds,
  ...coordinationKinds,
  ...nodeKinds,
  ...discoveryKinds,
  ...flowcontrolKinds,
  ...metricsKinds,
]

let definitions: readonly ResourceDefinition[] | undefined

/** The same definitions on every call; compiled on the first one. */
export function builtinResources(): readonly ResourceDefinition[] {
  definitions ??= SOURCES.map((source) => definitionOf(source, schemaFor(typeNameOf(source))))
  return definitions
}

function byPlural(kinds: KindSource[]): KindSource[] {
  return kinds.sort((a, b) => (a.plural < b.plural ? -1 : a.plural > b.plural ? 1 : 0))
}
