// Which labels a node may give itself: none that would draw workloads to it that it should not see.

const RESTRICTED = 'node-restriction.kubernetes.io'
const OWN_LABELS = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])
const OWN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io']

type Labels = Readonly<Record<string, string>>

export function changedLabels(labels: Labels = {}, old: Labels = {}): string[] {
  const keys = new Set([...Object.keys(labels), ...Object.keys(old)])
  return [...keys].filter((key) => labels[key] !== old[key])
}

/** Those of `keys` that a node must not set, change or take away; sorted. */
export function forbiddenLabels(keys: readonly string[]): string[] {
  return keys.filter(isForbidden).sort()
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf('/')
  const domain = slash < 0 ? '' : key.slice(0, slash)
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`)
  if (within(RESTRICTED)) return true
  if (!within('kubernetes.io') && !within('k8s.io')) return false
  return !OWN_LABELS.has(key) && !OWN_DOMAINS.some(within)
}
