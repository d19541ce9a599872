import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources } from '@brume/api/kinds/builtin'
import { compileSelection } from './selection.ts'

const refusal = (kind: string, selectors: { labelSelector?: string; fieldSelector?: string }) => {
  const definition = builtinResources().find((found) => found.kind === kind)!
  try {
    compileSelection(definition, { labelSelector: '', fieldSelector: '', ...selectors })
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

test('a selector by an unknown field is refused in the words for the kind', () => {
  assert.equal(refusal('Pod', { fieldSelector: 'spec.nope=1' }), 'field label not supported: spec.nope')
  assert.equal(
    refusal('ConfigMap', { fieldSelector: 'data.a=1' }),
    '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
  )
  assert.equal(refusal('ConfigMap', { fieldSelector: 'metadata.name=a,metadata.namespace!=b' }), undefined)
})

test('a label selector that cannot be parsed is refused', () => {
  assert.equal(
    refusal('ConfigMap', { labelSelector: 'a b' }),
    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  )
})
