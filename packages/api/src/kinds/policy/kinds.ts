// The kinds of policy/v1. Eviction is no resource of its own: it is what pods/eviction takes.

import type { KindSource } from '../define.ts'
import { podDisruptionBudget } from './pod-disruption-budget.ts'

export const policyKinds: KindSource[] = [podDisruptionBudget]
