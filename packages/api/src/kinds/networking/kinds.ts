// The kinds of networking.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { ingress } from './ingress.ts'
import { ingressClass } from './ingress-class.ts'
import { networkPolicy } from './network-policy.ts'

export const networkingKinds: KindSource[] = [ingressClass, ingress, networkPolicy]
