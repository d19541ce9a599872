// Warnings for what this version stores and does not act upon, so that nobody relies on a rule that nothing enforces.
// Each goes when its part of the server comes.

import { deepEqual } from '@brume/base/values'
import type { KubeObject } from '../object.ts'

export const NOT_ENFORCED = {
  webhooks:
    'this version of Brume stores webhook configurations and calls no webhooks: nothing is refused or changed by them',
  policies:
    'this version of Brume stores validating admission policies and evaluates none: nothing is refused by them',
  apiServices: 'this version of Brume stores APIServices and forwards no requests: the group is not served',
  celRules:
    'this version of Brume keeps x-kubernetes-validations and evaluates none: nothing is refused by them',
  conversion: 'this version of Brume calls no conversion webhooks: versions differ in apiVersion alone',
} as const

/** Warns when an object is made, and when something beyond its metadata and status changes. */
export function warnsThat(text: string, applies: (object: KubeObject) => boolean = () => true) {
  return (object: KubeObject, old: KubeObject | undefined): string[] =>
    applies(object) && (old === undefined || !sameContent(object, old)) ? [text] : []
}

function sameContent(object: KubeObject, old: KubeObject): boolean {
  const contentOf = ({ metadata: _metadata, status: _status, ...content }: KubeObject) => content
  return deepEqual(contentOf(object), contentOf(old))
}
