import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, refuses, statusErrors, updateErrors, warningsOf, withPaths } from '../testing.ts'

const PATH = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }
const INGRESS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web' },
  spec: { rules: [{ host: 'a.example.com', http: { paths: [PATH] } }] },
}
const AT = 'spec.rules[0].http.paths[0]'
const CLASS = { 'kubernetes.io/ingress.class': 'nginx' }

refuses(INGRESS, [
  [
    'leads somewhere',
    { 'spec.rules': undefined },
    [
      'spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified',
    ],
  ],
  ['accepts a default backend alone', { spec: { defaultBackend: PATH.backend } }, []],
  [
    'has host names, not addresses',
    { 'spec.rules[0].host': '10.0.0.1' },
    ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
  ],
  ['accepts a wildcard', { 'spec.rules[0].host': '*.example.com' }, []],
  [
    'has a wildcard only at the start',
    { 'spec.rules[0].host': 'a.*.com' },
    [
      "spec.rules[0].host: Invalid value: \"a.*.com\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  ['has paths', { 'spec.rules[0].http.paths': [] }, ['spec.rules[0].http.paths: Required value']],
  [
    'says how a path matches',
    { [`${AT}.pathType`]: undefined },
    [`${AT}.pathType: Required value: pathType must be specified`],
  ],
  [
    'knows how paths match',
    { [`${AT}.pathType`]: 'Regex' },
    [
      `${AT}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    ],
  ],
  [
    'has absolute paths without detours',
    { [`${AT}.path`]: 'a//b/..' },
    [
      `${AT}.path: Invalid value: "a//b/..": must be an absolute path`,
      `${AT}.path: Invalid value: "a//b/..": must not contain '//'`,
      `${AT}.path: Invalid value: "a//b/..": cannot end with '/..'`,
    ],
  ],
  [
    'accepts any path of a specific implementation',
    { [`${AT}.pathType`]: 'ImplementationSpecific', [`${AT}.path`]: '' },
    [],
  ],
  [
    'has a backend',
    { [`${AT}.backend`]: {} },
    [`${AT}.backend: Invalid value: "": resource or service backend is required`],
  ],
  [
    'has one backend',
    { [`${AT}.backend.resource`]: { kind: 'Bucket', name: 'b' } },
    [`${AT}.backend: Invalid value: "": cannot set both resource and service backends`],
  ],
  [
    'names the service and its port',
    { [`${AT}.backend.service`]: { name: '1', port: {} } },
    [
      `${AT}.backend.service.name: Invalid value: "1": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      `${AT}.backend: Required value: port name or number is required`,
    ],
  ],
  [
    'names the port in one way',
    { [`${AT}.backend.service.port.name`]: 'http' },
    [`${AT}.backend: Invalid value: "": cannot set both port name & port number`],
  ],
  [
    'names the resource',
    { [`${AT}.backend`]: { resource: { kind: '', name: 'a/b' } } },
    [
      `${AT}.backend.resource.kind: Required value: kind is required`,
      `${AT}.backend.resource.name: Invalid value: "a/b": may not contain '/'`,
    ],
  ],
  [
    'has hosts and a secret for TLS',
    { 'spec.tls': [{ hosts: ['A'], secretName: 'B' }] },
    [
      "spec.tls[0].hosts[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.tls[0].secretName: Invalid value: \"B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    'names one class',
    { 'metadata.annotations': CLASS, 'spec.ingressClassName': 'other' },
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "nginx": must match `ingressClassName` when both are specified',
    ],
  ],
])

test('may keep two names of its class', () => {
  const object = withPaths(INGRESS, { 'metadata.annotations': CLASS, 'spec.ingressClassName': 'other' })
  assert.deepEqual(updateErrors(object, object), [])
})

test('the status names addresses and hosts', () => {
  assert.deepEqual(statusErrors({ ...INGRESS, status: { loadBalancer: { ingress: [{ ip: 'x' }] } } }), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address',
  ])
})

test('warns of the old annotation', () => {
  assert.deepEqual(warningsOf(withPaths(INGRESS, { 'metadata.annotations': CLASS })), [
    'annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead',
  ])
})

test('the table shows class, hosts and addresses', () => {
  const hosts = ['a', 'b', 'c', 'd'].map((host) => ({ host }))
  const cells = cellsOf(
    withPaths(INGRESS, {
      'spec.rules': hosts,
      'spec.tls': [{}],
      'spec.ingressClassName': 'nginx',
      status: { loadBalancer: { ingress: [{ ip: '2.2.2.2' }, { ip: '1.1.1.1' }] } },
    }),
  )
  assert.deepEqual(cells, {
    Name: 'web',
    Class: 'nginx',
    Hosts: 'a,b,c + 1 more...',
    Address: '1.1.1.1,2.2.2.2',
    Ports: '80, 443',
    Age: '<unknown>',
  })
  assert.equal(cellsOf(withPaths(INGRESS, { 'spec.rules': [{}] }))['Hosts'], '*')
})
