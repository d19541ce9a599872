// kube-public/cluster-info: where the API server is and which authority it has, for machines that join. Everyone may
// read it; the bootstrap signer makes it trustworthy.

import { binding, role, rule } from '@brume/api/bootstrap/rule'
import type { KubeObject } from '@brume/api/object'
import { formatKubeconfig } from '@brume/client/kubeconfig-file'
import { CLUSTER_INFO } from '../bootstrap-tokens/signer.ts'
import type { ControllerOptions } from '../dependencies.ts'

const READER = 'brume:cluster-info-reader'

export function clusterInfoObjects({ apiServer, rootCaPem }: ControllerOptions): KubeObject[] {
  if (apiServer?.publicUrl === undefined) return []
  const { namespace, name } = CLUSTER_INFO
  const cluster = {
    'certificate-authority-data': Buffer.from(rootCaPem).toString('base64'),
    server: apiServer.publicUrl,
  }
  const kubeconfig = formatKubeconfig({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: '', cluster }],
    contexts: [],
    'current-context': '',
    preferences: {},
    users: [],
  })
  return [
    role(namespace, READER, [rule('get', 'core', 'configmaps', name)]),
    binding(namespace, READER, READER, ['User:system:anonymous']),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { kubeconfig } },
  ]
}
