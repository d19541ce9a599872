// The built-in kinds by name, for code that knows which one it wants.

import type { ResourceRef } from './resource-ref.ts'

const cluster = (group: string, version: string, plural: string, kind: string): ResourceRef => ({
  group,
  version,
  plural,
  kind,
  namespaced: false,
})
const namespaced = (group: string, version: string, plural: string, kind: string): ResourceRef => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
})

/** Of a definition that every cloud has. */
export const DNS_ZONES = cluster('brume.dev', 'v1', 'dnszones', 'DnsZone')

const RBAC = 'rbac.authorization.k8s.io'
const FLOW = 'flowcontrol.apiserver.k8s.io'

export const NAMESPACES = cluster('', 'v1', 'namespaces', 'Namespace')
export const NODES = cluster('', 'v1', 'nodes', 'Node')
export const PERSISTENT_VOLUMES = cluster('', 'v1', 'persistentvolumes', 'PersistentVolume')
export const CONFIG_MAPS = namespaced('', 'v1', 'configmaps', 'ConfigMap')
export const ENDPOINTS = namespaced('', 'v1', 'endpoints', 'Endpoints')
export const EVENTS = namespaced('', 'v1', 'events', 'Event')
export const PERSISTENT_VOLUME_CLAIMS = namespaced(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
)
export const PODS = namespaced('', 'v1', 'pods', 'Pod')
export const RESOURCE_QUOTAS = namespaced('', 'v1', 'resourcequotas', 'ResourceQuota')
export const SECRETS = namespaced('', 'v1', 'secrets', 'Secret')
export const SERVICES = namespaced('', 'v1', 'services', 'Service')
export const SERVICE_ACCOUNTS = namespaced('', 'v1', 'serviceaccounts', 'ServiceAccount')

export const DAEMON_SETS = namespaced('apps', 'v1', 'daemonsets', 'DaemonSet')
export const DEPLOYMENTS = namespaced('apps', 'v1', 'deployments', 'Deployment')
export const REPLICA_SETS = namespaced('apps', 'v1', 'replicasets', 'ReplicaSet')
export const STATEFUL_SETS = namespaced('apps', 'v1', 'statefulsets', 'StatefulSet')
export const CRON_JOBS = namespaced('batch', 'v1', 'cronjobs', 'CronJob')
export const JOBS = namespaced('batch', 'v1', 'jobs', 'Job')
export const ENDPOINT_SLICES = namespaced('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice')
export const LEASES = namespaced('coordination.k8s.io', 'v1', 'leases', 'Lease')
export const INGRESS_CLASSES = cluster('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass')
export const INGRESSES = namespaced('networking.k8s.io', 'v1', 'ingresses', 'Ingress')
export const NETWORK_POLICIES = namespaced('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy')

export const CLUSTER_ROLES = cluster(RBAC, 'v1', 'clusterroles', 'ClusterRole')
export const CLUSTER_ROLE_BINDINGS = cluster(RBAC, 'v1', 'clusterrolebindings', 'ClusterRoleBinding')
export const ROLES = namespaced(RBAC, 'v1', 'roles', 'Role')
export const ROLE_BINDINGS = namespaced(RBAC, 'v1', 'rolebindings', 'RoleBinding')
export const FLOW_SCHEMAS = cluster(FLOW, 'v1', 'flowschemas', 'FlowSchema')
export const PRIORITY_LEVELS = cluster(
  FLOW,
  'v1',
  'prioritylevelconfigurations',
  'PriorityLevelConfiguration',
)
export const PRIORITY_CLASSES = cluster('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass')
export const RUNTIME_CLASSES = cluster('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass')
export const STORAGE_CLASSES = cluster('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass')
export const CUSTOM_RESOURCE_DEFINITIONS = cluster(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
)
export const CERTIFICATE_SIGNING_REQUESTS = cluster(
  'certificates.k8s.io',
  'v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
)
export const SUBJECT_ACCESS_REVIEWS = cluster(
  'authorization.k8s.io',
  'v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
)
export const REPLICATION_CONTROLLERS = namespaced('', 'v1', 'replicationcontrollers', 'ReplicationController')
export const CONTROLLER_REVISIONS = namespaced('apps', 'v1', 'controllerrevisions', 'ControllerRevision')
export const HORIZONTAL_POD_AUTOSCALERS = namespaced(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
)
