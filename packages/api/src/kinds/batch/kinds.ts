import type { KindSource } from '../define.ts'

export const batchKinds: KindSource[] = []
