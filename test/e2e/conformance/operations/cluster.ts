// Rows of access, admission, flow control and extension.

import { certificateRequest } from '@brume/apiserver/auth/testing/certificate-request'
import { type Json, unique } from '../api.ts'
import { condition, hasCondition } from './core.ts'
import type { Row } from './operations.ts'

const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const subjects = [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }]
const viewer = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
const matchRules = [
  { apiGroups: ['never.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
]
const webhook = (name: string) => ({
  name,
  rules: matchRules,
  clientConfig: { url: 'https://127.0.0.1:9/hook' },
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  matchConditions: [{ name: 'not-leases', expression: "request.resource.group != 'coordination.k8s.io'" }],
})
const webhookChange = {
  patch: { webhooks: [{ ...webhook('changed.example.com'), failurePolicy: 'Ignore' }] },
  shows: ({ webhooks }: Json) =>
    webhooks[0].name === 'changed.example.com' &&
    webhooks[0].failurePolicy === 'Ignore' &&
    webhooks[0].timeoutSeconds === 10,
}

export const access: Row[] = [
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'roles',
    kind: 'Role',
    body: () => ({ rules }),
    change: { patch: { rules: [] }, shows: (role) => role.rules.length === 0 },
  },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterroles',
    kind: 'ClusterRole',
    clusterScoped: true,
    body: () => ({ rules }),
    change: { patch: { rules: [] }, shows: (role) => role.rules.length === 0 },
  },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'rolebindings',
    kind: 'RoleBinding',
    body: () => ({ subjects, roleRef: viewer }),
    change: { patch: { subjects: [] }, shows: (binding) => (binding.subjects ?? []).length === 0 },
  },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    clusterScoped: true,
    body: () => ({ subjects, roleRef: viewer }),
    change: { patch: { subjects: [] }, shows: (binding) => (binding.subjects ?? []).length === 0 },
  },
]

export const admission: Row[] = [
  ...['Mutating', 'Validating'].map(
    (sort): Row => ({
      group: 'admissionregistration.k8s.io',
      resource: `${sort.toLowerCase()}webhookconfigurations`,
      kind: `${sort}WebhookConfiguration`,
      clusterScoped: true,
      body: (n) => ({ webhooks: [webhook(`w${n}.example.com`)] }),
      change: webhookChange,
    }),
  ),
  {
    group: 'admissionregistration.k8s.io',
    resource: 'validatingadmissionpolicies',
    kind: 'ValidatingAdmissionPolicy',
    clusterScoped: true,
    body: () => ({
      spec: {
        matchConstraints: { resourceRules: matchRules },
        validations: [{ expression: 'object.spec.replicas <= 100' }],
      },
    }),
    change: {
      patch: { spec: { failurePolicy: 'Ignore' } },
      shows: ({ spec }) => spec.failurePolicy === 'Ignore',
    },
    status: {
      keepsMetadata: true,
      patch: {
        status: {
          conditions: [{ ...condition('StatusPatched'), lastTransitionTime: '2026-01-01T00:00:00Z' }],
        },
      },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'admissionregistration.k8s.io',
    resource: 'validatingadmissionpolicybindings',
    kind: 'ValidatingAdmissionPolicyBinding',
    clusterScoped: true,
    body: () => ({ spec: { policyName: 'replicalimit.example.com', validationActions: ['Deny'] } }),
    change: {
      patch: { spec: { validationActions: ['Warn', 'Audit'] } },
      shows: ({ spec }) => spec.validationActions[0] === 'Warn',
    },
  },
]

export const flowControl: Row[] = [
  {
    group: 'flowcontrol.apiserver.k8s.io',
    resource: 'flowschemas',
    kind: 'FlowSchema',
    clusterScoped: true,
    body: () => ({
      spec: {
        matchingPrecedence: 10000,
        priorityLevelConfiguration: { name: 'global-default' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'nobody' } }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nothing'] }],
          },
        ],
      },
    }),
    change: {
      patch: { spec: { matchingPrecedence: 9999 } },
      shows: ({ spec }) => spec.matchingPrecedence === 9999,
    },
    status: {
      keepsMetadata: true,
      patch: { status: { conditions: [condition('Dangling')] } },
      shows: hasCondition('Dangling'),
    },
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    resource: 'prioritylevelconfigurations',
    kind: 'PriorityLevelConfiguration',
    clusterScoped: true,
    body: () => ({
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    }),
    change: {
      patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
      shows: ({ spec }) => spec.limited.nominalConcurrencyShares === 4,
    },
    status: {
      keepsMetadata: true,
      patch: { status: { conditions: [condition('Seen')] } },
      shows: hasCondition('Seen'),
    },
  },
]

/** Widgets of a group of its own per object: definitions may not share names. */
const definition = (n: number, suffix: string) => {
  const group = `g${n}-${suffix}.example.com`
  return { name: `widgets.${group}`, group }
}
const run = unique('run')
const request = Buffer.from(await certificateRequest({ commonName: 'jane', organizations: [] })).toString(
  'base64',
)

export const extension: Row[] = [
  {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    clusterScoped: true,
    name: (suffix) => definition(Number(suffix.slice(-1)), run).name,
    body: (n) => ({
      spec: {
        group: definition(n, run).group,
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    }),
    change: {
      patch: { spec: { names: { shortNames: ['wd'] } } },
      shows: ({ spec }) => spec.names.shortNames[0] === 'wd',
    },
    status: {
      keepsMetadata: true,
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'apiregistration.k8s.io',
    resource: 'apiservices',
    kind: 'APIService',
    clusterScoped: true,
    name: (suffix) => `v1.s${suffix.slice(-1)}-${run}.example.com`,
    body: (n) => ({
      spec: {
        group: `s${n}-${run}.example.com`,
        version: 'v1',
        groupPriorityMinimum: 1000,
        versionPriority: 15,
        insecureSkipTLSVerify: true,
        service: { namespace: 'default', name: 'nothing' },
      },
    }),
    change: {
      patch: { spec: { versionPriority: 9 } },
      shows: ({ spec }) => spec.versionPriority === 9 && spec.service.port === 443,
    },
    status: {
      keepsMetadata: true,
      patch: {
        status: {
          conditions: [{ ...condition('StatusPatched'), lastTransitionTime: '2026-01-01T00:00:00Z' }],
        },
      },
      shows: hasCondition('StatusPatched'),
    },
  },
  {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    kind: 'CertificateSigningRequest',
    clusterScoped: true,
    body: () => ({
      spec: {
        request,
        signerName: 'example.com/conformance',
        usages: ['digital signature'],
        expirationSeconds: 3600,
      },
    }),
    status: {
      patch: { status: { conditions: [condition('StatusPatched')] } },
      shows: hasCondition('StatusPatched'),
    },
  },
]
