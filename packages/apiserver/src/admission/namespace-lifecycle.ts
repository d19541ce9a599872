// Nothing is created in a namespace that does not exist or is going away, and the system's own namespaces stay.

import { forbidden, notFound, StatusError } from '@brume/base/errors'
import type { AdmissionDeps } from './deps.ts'
import { forbid } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

const IMMORTAL = ['default', 'kube-system', 'kube-public']

export function namespaceLifecycle({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    mutate(request) {
      const { operation, namespace, name } = request
      if (isNamespace(request)) {
        if (operation !== 'DELETE' || !IMMORTAL.includes(name)) return
        throw forbidden({ group: '', resource: 'namespaces', name }, 'this namespace may not be deleted')
      }
      if (namespace === '' || operation === 'DELETE' || operation === 'CONNECT' || isAccessReview(request))
        return
      const found = reader.get('', 'namespaces', '', namespace)
      if (found === undefined) throw notFound({ group: '', resource: 'namespaces', name: namespace })
      const isTerminating =
        found['status']?.phase === 'Terminating' || found.metadata.deletionTimestamp !== undefined
      if (operation === 'CREATE' && isTerminating) throw terminating(request)
    },
  }
}

function terminating(request: AdmissionRequest): StatusError {
  const { namespace } = request
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const error = forbid(request, why)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return new StatusError('Forbidden', error.message, { ...error.details, causes: [cause] })
}

function isNamespace({ resource }: AdmissionRequest): boolean {
  return resource.group === '' && resource.plural === 'namespaces'
}

/** A missing namespace must not be told apart by asking what one may do in it. */
function isAccessReview({ resource }: AdmissionRequest): boolean {
  return resource.group === 'authorization.k8s.io' && resource.plural === 'localsubjectaccessreviews'
}
