// Roles for the parts of a cluster and for everyone's first steps in it.

import type { KubeObject } from '../object.ts'
import type { PolicyRule } from '../rbac/policy-rule.ts'
import { clusterRole, EVENTS, READ, rule, urlRule } from './rule.ts'

const STORAGE = 'storage.k8s.io'
const CSR = 'certificates.k8s.io'
const TOKEN_REVIEWS = rule('create', 'authentication.k8s.io', 'tokenreviews')
const ACCESS_REVIEWS = rule('create', 'authorization.k8s.io', 'subjectaccessreviews')
const PROBES = '/healthz /livez /readyz'

/** What every node may ask for; the node authorizer and NodeRestriction narrow it to what concerns the node. */
export const NODE_RULES: readonly PolicyRule[] = [
  TOKEN_REVIEWS,
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(READ, 'core', 'services'),
  rule('create get list watch', 'core', 'nodes'),
  rule('patch update', 'core', 'nodes/status'),
  rule('patch update', 'core', 'nodes'),
  rule('create patch update', 'core', 'events'),
  rule(READ, 'core', 'pods'),
  rule('create delete', 'core', 'pods'),
  rule('patch update', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule(READ, 'core', 'configmaps secrets'),
  rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule('create get list watch', CSR, 'certificatesigningrequests'),
  rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
  rule('get', STORAGE, 'volumeattachments'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get patch update', 'core', 'persistentvolumeclaims/status'),
  rule(READ, STORAGE, 'csidrivers'),
  rule('create delete get patch update', STORAGE, 'csinodes'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
]

function leaderElection(name: string): PolicyRule[] {
  const group = 'coordination.k8s.io'
  return [rule('create', group, 'leases'), rule('get update', group, 'leases', name)]
}

function approver(signer: string): KubeObject {
  const rules = [rule('approve', CSR, 'signers', `kubernetes.io/${signer}`)]
  return clusterRole(`system:certificates.k8s.io:${signer}-approver`, rules)
}

export const SYSTEM_ROLES: readonly KubeObject[] = [
  clusterRole('system:discovery', [
    urlRule('get', `${PROBES} /api /api/* /apis /apis/* /openapi /openapi/* /version /version/`),
  ]),
  clusterRole('system:monitoring', [
    urlRule('get', `${PROBES} /healthz/* /livez/* /metrics /metrics/slis /readyz/*`),
  ]),
  clusterRole('system:public-info-viewer', [urlRule('get', `${PROBES} /version /version/`)]),
  clusterRole('system:service-account-issuer-discovery', [
    urlRule(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:basic-user', [
    rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:auth-delegator', [TOKEN_REVIEWS, ACCESS_REVIEWS]),
  clusterRole('system:kube-aggregator', [rule(READ, 'core', 'endpoints services')]),
  clusterRole('system:heapster', [
    rule(READ, 'core', 'events namespaces nodes pods'),
    rule(READ, 'extensions', 'deployments'),
  ]),
  clusterRole('system:node', [...NODE_RULES]),
  clusterRole('system:node-bootstrapper', [rule('create get list watch', CSR, 'certificatesigningrequests')]),
  clusterRole('system:node-problem-detector', [
    rule('get', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    EVENTS,
  ]),
  clusterRole('system:node-proxier', [
    rule('list watch', 'core', 'endpoints services'),
    rule(READ, 'core', 'nodes'),
    EVENTS,
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule(READ, 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
  ]),
  clusterRole('system:kube-controller-manager', [
    EVENTS,
    ...leaderElection('kube-controller-manager'),
    rule('create', 'core', 'secrets serviceaccounts'),
    rule('delete', 'core', 'secrets'),
    rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
    rule('update', 'core', 'secrets serviceaccounts'),
    TOKEN_REVIEWS,
    ACCESS_REVIEWS,
    rule('list watch', '*', '*'),
    rule('create', 'core', 'serviceaccounts/token'),
  ]),
  clusterRole('system:kube-scheduler', [
    EVENTS,
    ...leaderElection('kube-scheduler'),
    rule(READ, 'core', 'nodes'),
    rule('delete get list watch', 'core', 'pods'),
    rule('create', 'core', 'bindings pods/binding'),
    rule('patch update', 'core', 'pods/status'),
    rule(READ, 'core', 'replicationcontrollers services'),
    rule(READ, 'apps extensions', 'replicasets'),
    rule(READ, 'apps', 'statefulsets'),
    rule(READ, 'policy', 'poddisruptionbudgets'),
    rule(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
    TOKEN_REVIEWS,
    ACCESS_REVIEWS,
    rule(READ, STORAGE, 'csinodes'),
    rule(READ, 'core', 'namespaces'),
    rule(READ, STORAGE, 'csidrivers'),
    rule(READ, STORAGE, 'csistoragecapacities'),
  ]),
  clusterRole('system:volume-scheduler', [
    rule('get list patch update watch', 'core', 'persistentvolumes'),
    rule(READ, STORAGE, 'storageclasses'),
    rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
  ]),
  clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('create delete get list watch', 'core', 'persistentvolumes'),
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule(READ, STORAGE, 'storageclasses'),
    rule('watch', 'core', 'events'),
    EVENTS,
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    rule('create', CSR, 'certificatesigningrequests/nodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    rule('create', CSR, 'certificatesigningrequests/selfnodeclient'),
  ]),
  approver('kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet'),
  approver('kubelet-serving'),
  approver('legacy-unknown'),
]
