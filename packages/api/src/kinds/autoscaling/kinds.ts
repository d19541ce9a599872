import type { KindSource } from '../define.ts'

export const autoscalingKinds: KindSource[] = []
