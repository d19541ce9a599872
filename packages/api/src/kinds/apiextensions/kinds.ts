// The kinds of apiextensions.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { customResourceDefinition } from './custom-resource-definition.ts'

export const apiextensionsKinds: KindSource[] = [customResourceDefinition]
