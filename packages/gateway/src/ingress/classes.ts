// Which Ingresses are the edge's. Source of the rules: Kubernetes' documentation, "Ingress", "Ingress class".

import type { KubeObject } from '@brume/api/object'

const CONTROLLER = 'brume.dev/ingress'
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'
const OLD_CLASS = 'kubernetes.io/ingress.class'

/** Those of this controller's classes; those without a class where one of ours is the default. */
export function ownIngresses(ingresses: readonly KubeObject[], classes: readonly KubeObject[]): KubeObject[] {
  const ours = classes.filter(({ spec }) => spec?.['controller'] === CONTROLLER)
  const names = new Set(ours.map(({ metadata }) => metadata.name))
  const isDefault = ours.some(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  return ingresses.filter(({ metadata, spec }) => {
    const wanted = spec?.['ingressClassName'] ?? metadata.annotations?.[OLD_CLASS]
    return wanted === undefined ? isDefault : names.has(wanted)
  })
}
