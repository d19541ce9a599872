import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStatus } from '@brume/base/errors'
import type { Attributes, Authorizer, UserInfo } from '../types.ts'
import { impersonate } from './impersonation.ts'

const ANNA: UserInfo = { name: 'anna', groups: ['devs'] }

/** Allows what is listed as `group/resource[/subresource] namespace/name`, and remembers what was asked. */
function authorizer(allowed: string[] | 'all'): Authorizer & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    authorize(attributes: Attributes) {
      assert.ok(attributes.resourceRequest && attributes.verb === 'impersonate')
      const { group, resource, subresource, namespace, name } = attributes
      const what = `${group}/${resource}${subresource && `/${subresource}`} ${namespace}/${name}`
      asked.push(what)
      if (allowed === 'all' || allowed.includes(what)) return { allowed: true, reason: '' }
      return { allowed: false, denied: false, reason: '' }
    },
  }
}

const CASES: [Record<string, string>, UserInfo, string[]][] = [
  [{ 'impersonate-user': 'bob' }, { name: 'bob', groups: ['system:authenticated'] }, ['/users /bob']],
  [
    { 'impersonate-user': 'bob', 'impersonate-group': 'a, b' },
    { name: 'bob', groups: ['a', 'b', 'system:authenticated'] },
    ['/users /bob', '/groups /a', '/groups /b'],
  ],
  [
    { 'impersonate-user': 'system:serviceaccount:ci:robot' },
    {
      name: 'system:serviceaccount:ci:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
    },
    ['/serviceaccounts ci/robot'],
  ],
  [
    { 'impersonate-user': 'system:anonymous' },
    { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    ['/users /system:anonymous'],
  ],
  [
    { 'impersonate-user': 'bob', 'impersonate-uid': '7', 'impersonate-extra-acme.com%2fscope': 'x, y' },
    { name: 'bob', uid: '7', groups: ['system:authenticated'], extra: { 'acme.com/scope': ['x', 'y'] } },
    [
      '/users /bob',
      'authentication.k8s.io/userextras/acme.com/scope /x',
      'authentication.k8s.io/userextras/acme.com/scope /y',
      'authentication.k8s.io/uids /7',
    ],
  ],
]
for (const [headers, expected, asked] of CASES) {
  test(`${JSON.stringify(headers)} makes ${expected.name}`, () => {
    const all = authorizer('all')
    const user = impersonate({ headers }, ANNA, all)
    // `extra` has no prototype: its keys are a client's.
    const extra = user.extra === undefined ? {} : { extra: { ...user.extra } }
    assert.deepEqual({ ...user, ...extra }, expected)
    assert.deepEqual(all.asked, asked)
  })
}

test('without headers the user stays', () => {
  assert.equal(impersonate({ headers: {} }, ANNA, authorizer([])), ANNA)
})

test('every part needs a right of its own', () => {
  const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' }
  assert.throws(
    () => impersonate({ headers }, ANNA, authorizer(['/users /bob'])),
    (error) => {
      assert.ok(isStatus(error, 'Forbidden'))
      assert.equal(
        error.message,
        'groups "system:masters" is forbidden: User "anna" cannot impersonate resource "groups" in API group "" at the cluster scope',
      )
      return true
    },
  )
})

test('a group without a user is refused', () => {
  assert.throws(
    () => impersonate({ headers: { 'impersonate-group': 'a' } }, ANNA, authorizer('all')),
    /without a user/,
  )
})
