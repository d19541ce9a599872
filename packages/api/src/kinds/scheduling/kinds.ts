// The kinds of scheduling.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { priorityClass } from './priority-class.ts'

export const schedulingKinds: KindSource[] = [priorityClass]
