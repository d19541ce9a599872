// The roles and bindings that exist in every cluster, as Kubernetes 1.32 makes them, and the few that let a new
// machine join by a bootstrap token and nodes pull from the built-in registry.

import { NETWORK_USER } from '../network.ts'
import type { KubeObject } from '../object.ts'
import { CONTROLLER_RULES } from './controller-roles.ts'
import { NAMESPACE_ROLES } from './namespace-roles.ts'
import { aggregateTo, clusterBinding, clusterRole, READ, rule, urlRule, WRITE } from './rule.ts'
import { SYSTEM_ROLES } from './system-roles.ts'
import { USER_ROLES } from './user-roles.ts'

const AUTHENTICATED = 'Group:system:authenticated'
const REQUESTS = 'system:certificates.k8s.io:certificatesigningrequests'

const BINDINGS: readonly KubeObject[] = [
  same('cluster-admin', 'Group:system:masters'),
  same('system:monitoring', 'Group:system:monitoring'),
  same('system:discovery', AUTHENTICATED),
  same('system:basic-user', AUTHENTICATED),
  same('system:public-info-viewer', AUTHENTICATED, 'Group:system:unauthenticated'),
  same('system:node-proxier', 'User:system:kube-proxy'),
  same('system:kube-controller-manager', 'User:system:kube-controller-manager'),
  same('system:kube-dns', 'ServiceAccount:kube-system/kube-dns'),
  same('system:kube-scheduler', 'User:system:kube-scheduler'),
  same('system:volume-scheduler', 'User:system:kube-scheduler'),
  // Nodes are the node authorizer's business: the binding exists and is empty.
  same('system:node'),
  same('system:service-account-issuer-discovery', 'Group:system:serviceaccounts'),
]

const JOINING: readonly KubeObject[] = [
  clusterBinding('brume:node-bootstrapper', 'system:node-bootstrapper', ['Group:system:bootstrappers']),
  clusterBinding('brume:node-client-certificates', `${REQUESTS}:nodeclient`, ['Group:system:bootstrappers']),
  clusterBinding('brume:node-certificate-renewal', `${REQUESTS}:selfnodeclient`, ['Group:system:nodes']),
  clusterRole(`${REQUESTS}:selfnodeserver`, [
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeserver'),
  ]),
  clusterBinding('brume:node-serving-certificates', `${REQUESTS}:selfnodeserver`, ['Group:system:nodes']),
  // Each node's own agent keeps the rules of Services and of network policies, as a user for that alone.
  clusterRole('brume:network-policies', [
    rule('list watch', 'core', 'namespaces pods'),
    rule('list watch', 'networking.k8s.io', 'networkpolicies'),
    rule('list watch', 'brume.dev', 'dnszones'),
  ]),
  clusterBinding('brume:network-policies', 'brume:network-policies', [`User:${NETWORK_USER}`]),
  clusterBinding('brume:node-proxier', 'system:node-proxier', [`User:${NETWORK_USER}`]),
]

const GATEWAY_API = 'gateway.networking.k8s.io'
const GATEWAY_KINDS = ['backendtlspolicies', 'gateways', 'grpcroutes', 'httproutes', 'tcproutes', 'tlsroutes']
const GATEWAY_STATUSES = GATEWAY_KINDS.map((plural) => `${plural}/status`).join(' ')

/** The HTTP edge beside the control plane, and what people may do with it. */
const GATEWAY: readonly KubeObject[] = [
  clusterRole('brume:gateway', [
    rule('list watch', 'core', 'secrets services'),
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
    rule('list watch', 'networking.k8s.io', 'ingresses ingressclasses'),
    rule('patch', 'networking.k8s.io', 'ingresses ingressclasses ingresses/status'),
    rule('create patch', 'core', 'events'),
    // Certificates of a CA, and what is remembered of getting them.
    rule('get create update delete', 'core', 'secrets'),
    rule('list watch', 'core', 'configmaps namespaces'),
    rule('list watch', GATEWAY_API, `gatewayclasses referencegrants ${GATEWAY_KINDS.join(' ')}`),
    rule('patch', GATEWAY_API, `gateways gatewayclasses/status ${GATEWAY_STATUSES}`),
  ]),
  // Kinds of their own definitions, which Kubernetes' own roles know nothing of.
  clusterRole(
    'brume:gateway-api-edit',
    [rule(WRITE, GATEWAY_API, `referencegrants ${GATEWAY_KINDS.join(' ')}`)],
    aggregateTo('edit'),
  ),
  clusterRole(
    'brume:gateway-api-view',
    [
      rule(
        READ,
        GATEWAY_API,
        `gatewayclasses referencegrants ${GATEWAY_KINDS.join(' ')} ${GATEWAY_STATUSES}`,
      ),
    ],
    aggregateTo('view'),
  ),
  clusterBinding('brume:gateway', 'brume:gateway', ['Group:system:brume:gateway']),
]

/** The built-in registry. A role of one's own may name a part of it: `/v2/team-a/*`. */
const IMAGES: readonly KubeObject[] = [
  clusterRole('brume:image-puller', [urlRule('get head', '/v2 /v2/*')]),
  clusterRole('brume:image-pusher', [urlRule('get head post put patch delete', '/v2 /v2/*')]),
  clusterBinding('brume:image-puller', 'brume:image-puller', ['Group:system:nodes']),
]

const CONTROLLERS: readonly KubeObject[] = Object.entries(CONTROLLER_RULES).flatMap(([name, rules]) => {
  const roleName = `system:controller:${name}`
  return [clusterRole(roleName, [...rules]), same(roleName, `ServiceAccount:kube-system/${name}`)]
})

/** ClusterRoles before Roles before bindings. Shared: not to be changed. */
export const BOOTSTRAP_ROLES: readonly KubeObject[] = sorted([
  ...USER_ROLES,
  ...SYSTEM_ROLES,
  ...CONTROLLERS,
  ...NAMESPACE_ROLES,
  ...BINDINGS,
  ...JOINING,
  ...IMAGES,
  ...GATEWAY,
])

function same(name: string, ...subjects: string[]): KubeObject {
  return clusterBinding(name, name, subjects)
}

function sorted(objects: KubeObject[]): KubeObject[] {
  const order = ['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding']
  return objects.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}
