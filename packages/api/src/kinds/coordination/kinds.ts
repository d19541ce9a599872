// The kinds of coordination.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { lease } from './lease.ts'

export const coordinationKinds: KindSource[] = [lease]
