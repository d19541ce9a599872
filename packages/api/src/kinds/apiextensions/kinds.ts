import type { KindSource } from '../define.ts'

export const apiextensionsKinds: KindSource[] = []
