// The controllers of workloads: they make pods, which want a scheduler and nodes to run on, and the volumes of pods.

import type { ControllerSpec } from '@brume/client/controller'
import { daemonSetController } from './daemon-set/controller.ts'
import { deploymentController } from './deployment/controller.ts'
import { ephemeralVolumes } from './ephemeral-volumes/controller.ts'
import { horizontalPodAutoscalers } from './horizontal-pod-autoscaler/controller.ts'
import { localProvisioner, localReclaimer } from './local-volumes/controller.ts'
import type { WorkloadDependencies } from './pod-control/dependencies.ts'
import { replicaSetController, replicationController } from './replica-set/controller.ts'
import { statefulSetController } from './stateful-set/controller.ts'
import { claimBinder, volumeBinder } from './volume-binding/controller.ts'

export function workloadControllers(dependencies: WorkloadDependencies): ControllerSpec[] {
  return [
    replicaSetController(dependencies),
    replicationController(dependencies),
    deploymentController(dependencies),
    statefulSetController(dependencies),
    daemonSetController(dependencies),
    horizontalPodAutoscalers(dependencies),
    ephemeralVolumes(dependencies),
    claimBinder(dependencies),
    volumeBinder(dependencies),
    localProvisioner(dependencies),
    localReclaimer(dependencies),
  ]
}
