// The kinds of events.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { event } from './event.ts'

export const eventsKinds: KindSource[] = [event]
