import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lines } from '../kinds/fixtures.ts'
import { validateConditions } from './conditions.ts'
import {
  validateDomainPrefixedPath,
  validateFullyQualifiedDomainName,
  validateFullyQualifiedName,
} from './domains.ts'
import {
  intOrPercentValue,
  notMoreThan100Percent,
  oneOf,
  positiveIntOrPercent,
  unsupported,
} from './fields.ts'
import { goIntOrString, goLabelSelector, goMap } from './go-text.ts'
import { immutable, semanticEqual } from './immutable.ts'
import { byteLength } from './json.ts'
import { isEmptySelector, validateLabelSelector } from './labels.ts'
import { isExtendedResource, isOvercommitAllowed, validateResourceAmount } from './quantities.ts'

test('what Go makes the same is no change', () => {
  const same: [unknown, unknown][] = [
    [{ a: [] }, {}],
    [{ a: null }, {}],
    [{ hostNetwork: false }, {}],
    [{ ports: [{ containerPort: 1, hostPort: 0 }] }, { ports: [{ containerPort: 1 }] }],
    [{ subdomain: '' }, {}],
    [undefined, null],
    [{ x: { y: [] } }, { x: {} }],
    [{ nodeSelector: {}, resources: { limits: {} } }, {}],
  ]
  for (const [a, b] of same) assert.ok(semanticEqual(a, b), JSON.stringify([a, b]))
  const different: [unknown, unknown][] = [
    [{ runAsUser: 0 }, {}],
    [{ allowPrivilegeEscalation: false }, {}],
    [{ storageClassName: '' }, {}],
    [{ replicas: 0 }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ emptyDir: {} }, {}],
  ]
  for (const [a, b] of different) assert.ok(!semanticEqual(a, b), JSON.stringify([a, b]))
})

test('names the field that may not change', () => {
  assert.deepEqual(lines(immutable('b', 'a', 'spec.x')), ['spec.x: Invalid value: "b": field is immutable'])
})

test('selectors of labels', () => {
  const check = (selector: unknown) => lines(validateLabelSelector(selector, 's'))
  assert.deepEqual(
    check({ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] }),
    [],
  )
  assert.deepEqual(check({ matchExpressions: [{ key: 'c', operator: 'In' }] }), [
    "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ])
  assert.deepEqual(check({ matchExpressions: [{ key: 'c', operator: 'Exists', values: ['x'] }] }), [
    "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
  ])
  assert.deepEqual(check({ matchExpressions: [{ key: 'c', operator: 'Gt', values: ['1'] }] }), [
    's.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator',
  ])
  assert.match(
    check({ matchExpressions: [{ key: 'c', operator: 'In', values: ['a b'] }] })[0]!,
    /^s\.matchExpressions\[0\]\.values\[0\]: Invalid value: "a b": a valid label must be/,
  )
  assert.ok(isEmptySelector({}) && isEmptySelector(undefined) && !isEmptySelector({ matchLabels: { a: '' } }))
})

test('counts or percentages', () => {
  assert.deepEqual(lines(positiveIntOrPercent(-1, 'f')), [
    'f: Invalid value: -1: must be greater than or equal to 0',
  ])
  assert.match(
    lines(positiveIntOrPercent('x', 'f'))[0]!,
    /^f: Invalid value: intstr\.IntOrString\{Type:1, IntVal:0, StrVal:"x"\}: a valid percent/,
  )
  assert.equal(lines(notMoreThan100Percent('101%', 'f')).length, 1)
  assert.deepEqual([intOrPercentValue('25%'), intOrPercentValue(3), intOrPercentValue('x')], [25, 3, 0])
})

test('choices keep their order in the message', () => {
  assert.deepEqual(lines([unsupported('f', 'x', ['b', 'a'])]), [
    'f: Unsupported value: "x": supported values: "b", "a"',
  ])
  assert.deepEqual(lines(oneOf('f', '', ['a'])), ['f: Required value'])
})

test('values as Go prints them', () => {
  assert.equal(goMap({ b: '1', a: '2' }), 'map[string]string{"a":"2", "b":"1"}')
  assert.equal(goMap(undefined), 'map[string]string(nil)')
  assert.equal(goIntOrString(0), 'intstr.IntOrString{Type:0, IntVal:0, StrVal:""}')
  assert.equal(
    goLabelSelector({ matchLabels: { a: 'b' } }),
    'v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}',
  )
})

test('resources and their amounts', () => {
  assert.ok(
    isExtendedResource('example.com/gpu') &&
      !isExtendedResource('cpu') &&
      !isExtendedResource('kubernetes.io/x'),
  )
  assert.ok(
    isOvercommitAllowed('cpu') && !isOvercommitAllowed('hugepages-2Mi') && !isOvercommitAllowed('a.b/c'),
  )
  assert.deepEqual(lines(validateResourceAmount('cpu', '-1', 'f')), [
    'f: Invalid value: "-1": must be greater than or equal to 0',
  ])
  assert.deepEqual(lines(validateResourceAmount('example.com/gpu', '500m', 'f')), [
    'f: Invalid value: "500m": must be an integer',
  ])
})

test('domain names and paths under a domain', () => {
  assert.deepEqual(lines(validateDomainPrefixedPath('a', 'f')), [
    'f: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
  ])
  assert.deepEqual(validateDomainPrefixedPath('acme.io/foo', 'f'), [])
  assert.deepEqual(lines(validateFullyQualifiedName('a.b', 'f')), [
    'f: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ])
  assert.deepEqual(validateFullyQualifiedDomainName('a.b.', 'f'), [])
})

test('conditions of a status', () => {
  const good = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'Ok' }
  assert.deepEqual(validateConditions([good], 'c'), [])
  assert.deepEqual(lines(validateConditions([good, good], 'c')), ['c[1].type: Duplicate value: "Ready"'])
  assert.deepEqual(lines(validateConditions([{ type: 'Ready', status: 'Yes' }], 'c')), [
    'c[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
    'c[0].lastTransitionTime: Required value: must be set',
    'c[0].reason: Required value: must be set',
  ])
})

test('bytes of text as UTF-8', () => {
  for (const text of ['', 'a', 'é', '€', '😀', 'a😀é'])
    assert.equal(byteLength(text), Buffer.byteLength(text))
})
