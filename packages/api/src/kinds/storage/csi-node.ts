// CSINode: the CSI drivers that are installed on a node.

import { integer, size } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const csiNode = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [integer('Drivers', (object) => size(object.spec?.drivers)), age],
})
