// The kinds of discovery.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { endpointSlice } from './endpoint-slice.ts'

export const discoveryKinds: KindSource[] = [endpointSlice]
