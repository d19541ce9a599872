// pods/NAME/ephemeralcontainers: containers are added to a running pod; everything else of the pod stays.

import { validateEphemeralUpdate } from '@brume/api/kinds/core/pod/ephemeral-update'
import { handleGet } from '../handlers/get.ts'
import { narrowedUpdate } from './narrowed.ts'
import type { Subresource } from './table.ts'

export const ephemeralContainers: Subresource = {
  get: handleGet,
  ...narrowedUpdate((next, pod) => {
    pod['spec'] = { ...pod['spec'] }
    const containers = next['spec']?.ephemeralContainers
    if (containers === undefined) delete pod['spec'].ephemeralContainers
    else pod['spec'].ephemeralContainers = containers
  }, validateEphemeralUpdate),
}
