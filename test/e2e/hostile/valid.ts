// One small valid object of each kind that people write: where a fuzzer starts from to get past the first checks.

const labels = { app: 'x' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } }
const selector = { matchLabels: labels }
const jobTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } }
const metric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
}
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const backend = { service: { name: 'web', port: { number: 80 } } }

/** By `group/plural`, without metadata. Nothing that makes controllers work hard. */
export const VALID: Readonly<Record<string, object>> = {
  '/configmaps': { data: { a: 'b' } },
  '/secrets': { type: 'Opaque', data: { a: 'aGk=' } },
  '/pods': { spec: template.spec },
  '/services': { spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] } },
  '/serviceaccounts': {},
  '/replicationcontrollers': { spec: { replicas: 1, selector: labels, template } },
  '/persistentvolumeclaims': { spec: claim },
  '/persistentvolumes': {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  },
  '/endpoints': { subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80 }] }] },
  '/podtemplates': { template },
  '/nodes': { spec: { podCIDR: '10.1.0.0/24' } },
  '/events': { involvedObject: { namespace: 'fuzz', kind: 'Pod', name: 'a' }, reason: 'x', type: 'Normal' },
  'apps/deployments': { spec: { replicas: 1, selector, template } },
  'apps/statefulsets': { spec: { replicas: 1, serviceName: 'x', selector, template } },
  'apps/daemonsets': { spec: { selector, template } },
  'apps/replicasets': { spec: { replicas: 1, selector, template } },
  'apps/controllerrevisions': { revision: 1, data: { a: 1 } },
  'batch/jobs': { spec: { template: jobTemplate } },
  'batch/cronjobs': { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: jobTemplate } } } },
  'autoscaling/horizontalpodautoscalers': {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
      maxReplicas: 2,
      metrics: [metric],
    },
  },
  'policy/poddisruptionbudgets': { spec: { minAvailable: 1, selector } },
  'networking.k8s.io/networkpolicies': { spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  'networking.k8s.io/ingresses': {
    spec: {
      rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  },
  'rbac.authorization.k8s.io/roles': { rules },
  'rbac.authorization.k8s.io/clusterroles': { rules },
  'rbac.authorization.k8s.io/rolebindings': { roleRef, subjects: [{ kind: 'User', name: 'jane' }] },
  'storage.k8s.io/storageclasses': { provisioner: 'example.com/x' },
  'coordination.k8s.io/leases': { spec: { holderIdentity: 'x', leaseDurationSeconds: 15 } },
  'discovery.k8s.io/endpointslices': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['1.2.3.4'] }],
    ports: [],
  },
  'authorization.k8s.io/selfsubjectaccessreviews': {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  },
  'authentication.k8s.io/tokenreviews': { spec: { token: 'x' } },
}
