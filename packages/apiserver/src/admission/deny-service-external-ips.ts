// No Service gets external IPs: who may write Services could lead other people's addresses to pods (CVE-2020-8554). Off
// unless the cloud is started with --deny-external-ips, as in Kubernetes. What a Service has already may stay or go.

import type { KubeObject } from '@brume/api/object'
import { concerns, forbid } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

export function denyServiceExternalIps(): AdmissionPlugin {
  return {
    name: 'DenyServiceExternalIPs',
    validate(request) {
      if (!concerns(request, '', 'services') || request.object === undefined) return
      const before = externalIpsOf(request.oldObject)
      if (externalIpsOf(request.object).every((ip) => before.includes(ip))) return
      throw forbid(request, 'Use of external IPs is denied by admission control')
    },
  }
}

function externalIpsOf(service: KubeObject | undefined): readonly string[] {
  return service?.['spec']?.externalIPs ?? []
}
