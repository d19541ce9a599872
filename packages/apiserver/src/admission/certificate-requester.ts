// Who asks for a certificate is for the server to say: whatever the request claims is replaced. Approval trusts it.

import { concerns } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

export function certificateRequester(): AdmissionPlugin {
  return {
    name: 'CertificateRequester',
    mutate(request) {
      const { operation, object, user } = request
      if (operation !== 'CREATE' || object === undefined) return
      if (!concerns(request, 'certificates.k8s.io', 'certificatesigningrequests')) return
      const { username: _u, uid: _i, groups: _g, extra: _e, ...asked } = object['spec'] ?? {}
      object['spec'] = {
        ...asked,
        username: user.name,
        ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
        groups: [...user.groups],
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      }
    },
  }
}
