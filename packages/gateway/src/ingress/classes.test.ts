import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ingress } from '../testing/ingress.ts'
import { ownIngresses } from './classes.ts'

describe('the Ingresses of the edge', () => {
  const own = (isDefault: boolean) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: {
      name: 'brume',
      annotations: { 'ingressclass.kubernetes.io/is-default-class': String(isDefault) },
    },
    spec: { controller: 'brume.dev/ingress' },
  })
  const all = [
    ingress('none', {}),
    ingress('ours', { ingressClassName: 'brume' }),
    ingress('theirs', { ingressClassName: 'nginx' }),
  ]
  const names = (isDefault: boolean) =>
    ownIngresses(all, [own(isDefault)]).map(({ metadata }) => metadata.name)

  it('are those of its class, and those without one while its class is the default', () => {
    assert.deepEqual(names(true), ['none', 'ours'])
    assert.deepEqual(names(false), ['ours'])
  })
})
