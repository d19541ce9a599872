// The kinds of core/v1 that run or describe pods. The other kinds of the group are in kinds.ts.

import type { KindSource } from '../define.ts'
import { binding } from './binding.ts'
import { pod } from './pod/kind.ts'
import { podTemplate } from './pod-template.ts'
import { replicationController } from './replication-controller.ts'

export const coreWorkloadKinds: KindSource[] = [binding, pod, podTemplate, replicationController]
