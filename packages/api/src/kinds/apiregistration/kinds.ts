// The kinds of apiregistration.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { apiService } from './api-service.ts'

export const apiregistrationKinds: KindSource[] = [apiService]
