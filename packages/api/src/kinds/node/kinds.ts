// The kinds of node.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { runtimeClass } from './runtime-class.ts'

export const nodeKinds: KindSource[] = [runtimeClass]
