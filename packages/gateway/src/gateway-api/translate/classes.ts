// GatewayClasses of this edge, and the Gateways of those.

import type { KubeObject } from '@brume/api/object'
import { ageOf } from '../../source.ts'
import { CONTROLLER_NAME } from '../kinds.ts'
import { type Finding, no, yes } from './condition.ts'
import type { GatewayApiObjects } from './observed.ts'

/** Classes that name this controller. */
export function ownClasses(classes: readonly KubeObject[]): KubeObject[] {
  return classes.filter(({ spec }) => spec?.controllerName === CONTROLLER_NAME)
}

export function classFinding({ spec }: KubeObject): Finding {
  if (spec.parametersRef === undefined)
    return yes('Accepted', 'Accepted', 'Gateways of this class are served')
  const message = 'parametersRef: there are no parameters for this edge; remove it'
  return no('Accepted', 'InvalidParameters', message)
}

/** Those of our accepted classes, the older first. */
export function ownGateways({
  classes,
  gateways,
}: Pick<GatewayApiObjects, 'classes' | 'gateways'>): KubeObject[] {
  const accepted = ownClasses(classes).filter((one) => classFinding(one).status === 'True')
  const names = new Set(accepted.map(({ metadata }) => metadata.name))
  return gateways
    .filter(({ spec }) => names.has(spec?.gatewayClassName))
    .sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
}
