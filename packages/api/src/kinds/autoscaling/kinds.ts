// The kinds of autoscaling/v1 and autoscaling/v2, the preferred version first.

import type { KindSource } from '../define.ts'
import { autoscalerV1 } from './autoscaler-v1.ts'
import { autoscalerV2 } from './autoscaler-v2.ts'

export const autoscalingKinds: KindSource[] = [autoscalerV2, autoscalerV1]
