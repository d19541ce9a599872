// Which Go packages the facts come from, and what they are called in OpenAPI and in the facts.

export interface SourcePackage {
  /** `<group>/<version>` as other facts refer to it. */
  name: string
  /** Prefix of the OpenAPI definition names. */
  definitions: string
  /** Go import path. */
  importPath: string
  files: string[]
  /** Shipped with the product; the others are only for the round-trip tests. */
  shipped: boolean
}

const SHIPPED = new Set([
  'admission/v1',
  'admissionregistration/v1',
  'apidiscovery/v2',
  'apidiscovery/v2beta1',
  'apps/v1',
  'authentication/v1',
  'authorization/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'certificates/v1',
  'coordination/v1',
  'core/v1',
  'discovery/v1',
  'events/v1',
  'flowcontrol/v1',
  'networking/v1',
  'node/v1',
  'policy/v1',
  'rbac/v1',
  'scheduling/v1',
  'storage/v1',
])

const API = 'k8s.io/api'

/** `groupVersions`: the folders of k8s.io/api that hold types. */
export function sourcePackages(groupVersions: readonly string[]): SourcePackage[] {
  const packages: SourcePackage[] = groupVersions.map((name) => ({
    name,
    definitions: `io.k8s.api.${name.replace('/', '.')}`,
    importPath: `${API}/${name}`,
    files: ['types.go'],
    shipped: SHIPPED.has(name),
  }))
  packages.push(
    {
      name: 'meta/v1',
      definitions: 'io.k8s.apimachinery.pkg.apis.meta.v1',
      importPath: 'k8s.io/apimachinery/pkg/apis/meta/v1',
      files: ['types.go', 'watch.go', 'group_version.go'],
      shipped: true,
    },
    {
      name: 'metrics/v1beta1',
      definitions: 'io.k8s.metrics.pkg.apis.metrics.v1beta1',
      importPath: 'k8s.io/metrics/pkg/apis/metrics/v1beta1',
      files: ['types.go'],
      shipped: true,
    },
  )
  return packages
}
