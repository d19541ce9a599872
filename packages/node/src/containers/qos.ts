// The quality-of-service class of a pod: what its status says, else what its containers say.

import { type QosClass, qosClassOf } from '@brume/api/kinds/core/pod/qos'
import type { Pod } from '../contract.ts'

export function qosOf(pod: Pod): QosClass {
  const known = pod['status']?.qosClass
  return known === undefined || known === '' ? qosClassOf(pod['spec']) : known
}
