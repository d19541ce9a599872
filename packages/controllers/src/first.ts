// The controllers without which no pod can be created, and no node has a network: a cloud is of use when they are at work.

import type { ControllerSpec } from '@brume/client/controller'
import { bootstrapController } from './bootstrap/controller.ts'
import type { Dependencies } from './dependencies.ts'
import { nodeRanges } from './node-ranges/controller.ts'
import { rootCaPublisher } from './root-ca/controller.ts'
import { serviceAccountController } from './service-account/controller.ts'

export function firstControllers(dependencies: Dependencies): ControllerSpec[] {
  const { podRanges, serviceRanges = [] } = dependencies
  return [
    bootstrapController(dependencies),
    serviceAccountController(dependencies),
    rootCaPublisher(dependencies),
    ...(podRanges === undefined
      ? []
      : [nodeRanges(dependencies, { pods: podRanges, services: serviceRanges })]),
  ]
}
