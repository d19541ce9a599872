// RuntimeClass: which container runtime runs a pod.

import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const runtimeClass = defineKind({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  allowUnconditionalUpdate: false,
  columns: [text('Handler', (object) => object['handler']), age],
})
