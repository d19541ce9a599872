// VolumeAttachment: the wish that a volume be attached to a node.

import { boolean, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const volumeAttachment = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [
    text('Attacher', (object) => object.spec?.attacher),
    text('PV', (object) => object.spec?.source?.persistentVolumeName ?? ''),
    text('Node', (object) => object.spec?.nodeName),
    boolean('Attached', (object) => object.status?.attached ?? false),
    age,
  ],
})
