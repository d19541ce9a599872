// Which families a Service has in this cloud. Source of the rules: Kubernetes' documentation, "IPv4/IPv6 dual-stack", and
// KEP-563. Pure.

import { type FieldError, invalid } from '@brume/api/field-error'

export type Family = 'IPv4' | 'IPv6'

interface ServiceSpec {
  clusterIP?: string
  clusterIPs?: string[]
  ipFamilies?: Family[]
  ipFamilyPolicy?: string
  selector?: object
}

/** Completes `ipFamilies` in place; `configured`: the cloud's, the usual one first. */
export function settleFamilies(
  spec: ServiceSpec,
  before: ServiceSpec | undefined,
  configured: readonly Family[],
): FieldError[] {
  trimSecond(spec, before)
  const errors = problemsOf(spec, configured)
  if (errors.length > 0) return errors
  spec.ipFamilies ??= [...configured.slice(0, 1)]
  spec.ipFamilyPolicy ??= spec.ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack'
  if (spec.ipFamilyPolicy === 'SingleStack' || configured.length < 2 || isSameWish(spec, before)) return []
  const missing = configured.filter((family) => !spec.ipFamilies!.includes(family))
  spec.ipFamilies = [...spec.ipFamilies, ...missing]
  return []
}

/** Whoever goes back to one family need not cut the lists too. */
function trimSecond(spec: ServiceSpec, before: ServiceSpec | undefined): void {
  if (
    spec.ipFamilyPolicy !== 'SingleStack' ||
    before === undefined ||
    before.ipFamilyPolicy === 'SingleStack'
  )
    return
  for (const field of ['ipFamilies', 'clusterIPs'] as const) {
    const [now, old] = [spec[field], before[field]]
    if (now?.length === 2 && String(now) === String(old))
      (spec as Record<string, string[]>)[field] = [now[0]!]
  }
}

function problemsOf(spec: ServiceSpec, configured: readonly Family[]): FieldError[] {
  const { ipFamilyPolicy, ipFamilies = [], clusterIPs = [] } = spec
  // Nobody gives a headless Service without a selector addresses: it may be of any family.
  if (spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0) return []
  const errors: FieldError[] = []
  if (ipFamilyPolicy === 'SingleStack') {
    for (const [field, values] of Object.entries({ clusterIPs, ipFamilies })) {
      const why = `must be RequireDualStack or PreferDualStack when multiple '${field}' are specified`
      if (values.length > 1) errors.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why))
    }
  }
  if (ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    const why = 'this cluster is not configured for dual-stack services'
    errors.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why))
  }
  for (const [i, family] of ipFamilies.entries()) {
    if (!configured.includes(family))
      errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'))
  }
  return errors
}

/** What a Service of a cloud that had one family asked for stays until somebody changes it. */
function isSameWish(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  return (
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    before?.ipFamilyPolicy === 'PreferDualStack' &&
    String(spec.ipFamilies) === String(before.ipFamilies) &&
    String(spec.clusterIPs) === String(before.clusterIPs)
  )
}
