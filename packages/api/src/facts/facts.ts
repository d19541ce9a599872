// The fact tables that ship with the product, by the name that other facts use for them (`core/v1`). README.md
// describes the format.

import admissionV1 from './generated/admission.v1.json' with { type: 'json' }
import admissionregistrationV1 from './generated/admissionregistration.v1.json' with { type: 'json' }
import apidiscoveryV2 from './generated/apidiscovery.v2.json' with { type: 'json' }
import apidiscoveryV2beta1 from './generated/apidiscovery.v2beta1.json' with { type: 'json' }
import appsV1 from './generated/apps.v1.json' with { type: 'json' }
import authenticationV1 from './generated/authentication.v1.json' with { type: 'json' }
import authorizationV1 from './generated/authorization.v1.json' with { type: 'json' }
import autoscalingV1 from './generated/autoscaling.v1.json' with { type: 'json' }
import autoscalingV2 from './generated/autoscaling.v2.json' with { type: 'json' }
import batchV1 from './generated/batch.v1.json' with { type: 'json' }
import certificatesV1 from './generated/certificates.v1.json' with { type: 'json' }
import coordinationV1 from './generated/coordination.v1.json' with { type: 'json' }
import coreV1 from './generated/core.v1.json' with { type: 'json' }
import discoveryV1 from './generated/discovery.v1.json' with { type: 'json' }
import eventsV1 from './generated/events.v1.json' with { type: 'json' }
import flowcontrolV1 from './generated/flowcontrol.v1.json' with { type: 'json' }
import metaV1 from './generated/meta.v1.json' with { type: 'json' }
import metricsV1beta1 from './generated/metrics.v1beta1.json' with { type: 'json' }
import networkingV1 from './generated/networking.v1.json' with { type: 'json' }
import nodeV1 from './generated/node.v1.json' with { type: 'json' }
import policyV1 from './generated/policy.v1.json' with { type: 'json' }
import rbacV1 from './generated/rbac.v1.json' with { type: 'json' }
import schedulingV1 from './generated/scheduling.v1.json' with { type: 'json' }
import storageV1 from './generated/storage.v1.json' with { type: 'json' }
import apiextensionsV1 from './hand/apiextensions.v1.json' with { type: 'json' }
import apiregistrationV1 from './hand/apiregistration.v1.json' with { type: 'json' }

export interface FactPackage {
  /** Prefix of the OpenAPI definition names: `io.k8s.api.core.v1`. */
  package: string
  /** Type name -> its header and its lines. */
  types: Readonly<Record<string, readonly string[]>>
}

const packages = new Map<string, FactPackage>([
  ['apiextensions/v1', apiextensionsV1],
  ['apiregistration/v1', apiregistrationV1],
  ['admission/v1', admissionV1],
  ['admissionregistration/v1', admissionregistrationV1],
  ['apidiscovery/v2', apidiscoveryV2],
  ['apidiscovery/v2beta1', apidiscoveryV2beta1],
  ['apps/v1', appsV1],
  ['authentication/v1', authenticationV1],
  ['authorization/v1', authorizationV1],
  ['autoscaling/v1', autoscalingV1],
  ['autoscaling/v2', autoscalingV2],
  ['batch/v1', batchV1],
  ['certificates/v1', certificatesV1],
  ['coordination/v1', coordinationV1],
  ['core/v1', coreV1],
  ['discovery/v1', discoveryV1],
  ['events/v1', eventsV1],
  ['flowcontrol/v1', flowcontrolV1],
  ['meta/v1', metaV1],
  ['metrics/v1beta1', metricsV1beta1],
  ['networking/v1', networkingV1],
  ['node/v1', nodeV1],
  ['policy/v1', policyV1],
  ['rbac/v1', rbacV1],
  ['scheduling/v1', schedulingV1],
  ['storage/v1', storageV1],
])

/** Facts of a package such as `core/v1`. */
export function factPackage(name: string): FactPackage | undefined {
  return packages.get(name)
}

/** Names of all known packages. */
export function factPackageNames(): string[] {
  return [...packages.keys()]
}

/** Adds facts beyond those shipped: the round-trip tests cover groups that the product does not serve. */
export function registerFacts(name: string, facts: FactPackage): void {
  packages.set(name, facts)
}
