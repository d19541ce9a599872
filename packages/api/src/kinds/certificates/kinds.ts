// The kinds of certificates.k8s.io/v1.

import type { KindSource } from '../define.ts'
import { certificateSigningRequest } from './certificate-signing-request.ts'

export const certificatesKinds: KindSource[] = [certificateSigningRequest]
