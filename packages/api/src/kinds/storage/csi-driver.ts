// CSIDriver: what the cluster must know of a CSI driver.

import type { KubeObject } from '../../object.ts'
import { boolean, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const csiDriver = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [
    boolean('AttachRequired', (object) => object.spec?.attachRequired ?? true),
    boolean('PodInfoOnMount', (object) => object.spec?.podInfoOnMount ?? false),
    boolean('StorageCapacity', (object) => object.spec?.storageCapacity ?? false),
    text('TokenRequests', tokenRequestsCell),
    boolean('RequiresRepublish', (object) => object.spec?.requiresRepublish ?? false),
    text('Modes', (object) => (object.spec?.volumeLifecycleModes ?? []).join(',') || '<none>'),
    age,
  ],
})

function tokenRequestsCell(object: KubeObject): string {
  const requests: { audience: string }[] = object.spec?.tokenRequests ?? []
  return requests.length === 0 ? '<unset>' : requests.map(({ audience }) => audience).join(',')
}
