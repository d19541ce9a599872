// pods/NAME/resize: only the resources of containers change.

import { validatePodResize } from '@brume/api/kinds/core/pod/resize'
import { handleGet } from '../handlers/get.ts'
import { narrowedUpdate } from './narrowed.ts'
import type { Subresource } from './table.ts'

interface Container {
  name: string
  resources?: unknown
  resizePolicy?: unknown
}

export const resize: Subresource = {
  get: handleGet,
  ...narrowedUpdate((next, pod) => {
    const wanted = new Map<string, Container>(
      ((next['spec']?.containers ?? []) as Container[]).map((container) => [container.name, container]),
    )
    const containers = ((pod['spec']?.containers ?? []) as Container[]).map((container) => {
      const { resources, resizePolicy } = wanted.get(container.name) ?? container
      return { ...container, resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) }
    })
    pod['spec'] = { ...pod['spec'], containers }
  }, validatePodResize),
}
