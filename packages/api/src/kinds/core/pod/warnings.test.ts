import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../validate/json.ts'
import { podObject } from '../../fixtures.ts'
import { pod } from './kind.ts'
import { podWarnings } from './warnings.ts'

const warnings = (spec: Json, metadata: Json = {}) => pod.warnings?.(podObject(spec, metadata), undefined)
const C = 'spec.containers[0]'

test('an ordinary pod has no warnings', () => {
  assert.deepEqual(warnings({}), [])
})

test('warns of what is allowed and yet not meant', () => {
  const container = (extra: Json) => ({ containers: [{ name: 'c', image: 'a', ...extra }] })
  const cases: [Json, string[]][] = [
    [
      container({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
      [`${C}.env[1]: hides previous definition of "A", which may be dropped when using apply`],
    ],
    [
      container({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '$(A)2' },
        ],
      }),
      [],
    ],
    [
      container({ resources: { limits: { memory: '500m' } } }),
      [`${C}.resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer`],
    ],
    [
      container({
        ports: [
          { containerPort: 1, protocol: 'TCP' },
          { containerPort: 1, protocol: 'TCP' },
        ],
      }),
      [`${C}.ports[1]: duplicate port definition with ${C}.ports[0]`],
    ],
    [
      { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ],
    [
      { topologySpreadConstraints: [{ topologyKey: 'z' }] },
      ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
    ],
    [{ volumes: [{ name: 'v', gitRepo: {} }] }, ['spec.volumes[0].gitRepo: deprecated in v1.11']],
    [
      { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] },
      ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"'],
    ],
    [{ imagePullSecrets: [{ name: '' }] }, ['spec.imagePullSecrets[0].name: invalid empty name ""']],
    [
      { terminationGracePeriodSeconds: -1 },
      [
        'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
      ],
    ],
  ]
  for (const [spec, expected] of cases) assert.deepEqual(warnings(spec), expected)
  assert.deepEqual(
    warnings({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } }),
    [
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ],
  )
})

test('updates of pods have no warnings, names that are no host names one', () => {
  const dotted = podObject({ volumes: [{ name: 'v', rbd: {} }] }, { name: 'a.b' })
  assert.deepEqual(pod.warnings?.(dotted, dotted), [])
  assert.equal(
    pod.warnings?.(dotted, undefined)[0],
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  )
})

test('warnings of a template name its place', () => {
  const spec = podObject({ volumes: [{ name: 'v', rbd: {} }] })['spec']
  assert.deepEqual(podWarnings(spec, undefined, 'spec.template.'), [
    'spec.template.spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+',
  ])
})
