import type { KindSource } from '../define.ts'

export const policyKinds: KindSource[] = []
