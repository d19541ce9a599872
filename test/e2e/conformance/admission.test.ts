// Conformance: the objects that configure admission, as far as they are objects.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const GROUP = '/apis/admissionregistration.k8s.io/v1'
/** The engine that compiles and runs them is not there. */
const NO_EXPRESSIONS = 'expressions (CEL) are not compiled yet'
const rules = [
  { apiGroups: ['never.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
]

for (const sort of ['mutating', 'validating']) {
  const path = `${GROUP}/${sort}webhookconfigurations`
  const configuration = (name: string, matchConditions: object[], labels: object = {}) => ({
    metadata: { name, labels },
    webhooks: [
      {
        name: 'hook.example.com',
        rules,
        clientConfig: { url: 'https://127.0.0.1:9/hook' },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        matchConditions,
      },
    ],
  })

  test(`${sort} webhooks keep their match conditions, and change them`, async () => {
    const name = unique('hook')
    const [one, two] = ['a', 'b'].map((value) => ({
      name: `expression-${value}`,
      expression: `object.metadata.name == '${value}'`,
    }))
    await api.create(path, configuration(name, [one!]))
    assert.deepEqual((await api.get(`${path}/${name}`)).webhooks[0].matchConditions, [one])
    const updated = await api.edit(`${path}/${name}`, ({ webhooks }) => {
      webhooks[0].matchConditions = [one, two]
    })
    assert.deepEqual(updated.webhooks[0].matchConditions, [one, two])
    await api.delete(`${path}/${name}`)
  })

  test(`${sort} webhooks with a match condition that does not compile are refused`, {
    skip: NO_EXPRESSIONS,
  }, async () => {
    const broken = configuration(unique('hook'), [{ name: 'broken', expression: '... [}' }])
    assert.match(await api.refused(422, 'Invalid', 'POST', path, broken), /compilation failed/)
  })

  test(`ten ${sort} webhook configurations are listed and deleted by label`, async () => {
    const label = unique('set')
    for (let n = 0; n < 10; n++) await api.create(path, configuration(`${label}-${n}`, [], { set: label }))
    const selector = { labelSelector: `set=${label}` }
    assert.equal((await api.get(path, selector)).items.length, 10)
    await api.delete(path, undefined, selector)
    assert.deepEqual((await api.get(path, selector)).items, [])
  })
}

test('a policy is taken with its variables', async () => {
  const path = `${GROUP}/validatingadmissionpolicies`
  const policy = (name: string, spec: object) => ({
    metadata: { name },
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  })
  const name = unique('policy')
  const made = await api.create(
    path,
    policy(name, {
      variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
      validations: [
        {
          expression: 'variables.replicas > 1',
          messageExpression: "'wants two, has ' + string(variables.replicas)",
        },
      ],
    }),
  )
  assert.deepEqual([made.spec.failurePolicy, made.spec.matchConstraints.matchPolicy], ['Fail', 'Equivalent'])
  const resources = (await api.get(GROUP)).resources.map(({ name }: Json) => name)
  assert.ok(resources.includes('validatingadmissionpolicies/status'))
  await api.delete(`${path}/${name}`)
})

test('a policy with an expression that is none is refused', { skip: NO_EXPRESSIONS }, async () => {
  const spec = { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'object.spec.(' }] }
  const body = { metadata: { name: unique('policy') }, spec }
  await api.refused(422, 'Invalid', 'POST', `${GROUP}/validatingadmissionpolicies`, body)
})
