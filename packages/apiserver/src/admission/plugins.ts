// The admission chain, in Kubernetes' order; our own are CertificateRequester, RBACEscalation, CustomResourceGroups and
// NodeGroups. Not in it: AlwaysPullImages, ExtendedResourceToleration, EventRateLimit and
// OwnerReferencesPermissionEnforcement, which Kubernetes leaves off by default too. Webhooks and
// ValidatingAdmissionPolicy will stand before ResourceQuota, which comes last.

import { certificateRequester } from './certificate-requester.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { customResourceGroups } from './custom-resource-groups.ts'
import { defaultIngressClass, defaultStorageClass } from './default-class.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { denyServiceExternalIps } from './deny-service-external-ips.ts'
import type { AdmissionDeps } from './deps.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeGroups } from './node-groups.ts'
import { nodeRestriction } from './node-restriction.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { podSecurity } from './pod-security/plugin.ts'
import { priority } from './priority.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { resourceQuota } from './resource-quota.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import type { AdmissionPlugin } from './types.ts'

/** `external`: webhooks and policies, when there are any. */
export function admissionPlugins(
  deps: AdmissionDeps,
  external: readonly AdmissionPlugin[] = [],
): readonly AdmissionPlugin[] {
  return [
    certificateRequester(),
    namespaceLifecycle(deps),
    limitRanger(deps),
    serviceAccount(deps),
    nodeRestriction(deps),
    taintNodesByCondition(),
    podSecurity(deps),
    priority(deps),
    defaultTolerationSeconds(),
    defaultStorageClass(deps),
    storageObjectInUseProtection(),
    persistentVolumeClaimResize(deps),
    runtimeClass(deps),
    certificateApproval(deps),
    certificateSigning(deps),
    certificateSubjectRestriction(),
    defaultIngressClass(deps),
    ...(deps.denyExternalIps === true ? [denyServiceExternalIps()] : []),
    rbacEscalation(deps),
    customResourceGroups(deps),
    nodeGroups(deps),
    ...external,
    resourceQuota(deps),
  ]
}
