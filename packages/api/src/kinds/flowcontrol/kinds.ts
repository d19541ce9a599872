// The kinds of flowcontrol.apiserver.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { flowSchema } from './flow-schema.ts'
import { priorityLevelConfiguration } from './priority-level-configuration.ts'

export const flowcontrolKinds: KindSource[] = [flowSchema, priorityLevelConfiguration]
