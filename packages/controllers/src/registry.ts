// Every built-in controller; the ones that every pod needs are in first.ts.

import type { ControllerSpec } from '@brume/client/controller'
import { clusterRoleAggregation } from './aggregation/controller.ts'
import { bootstrapTokenCleaner } from './bootstrap-tokens/cleaner.ts'
import { bootstrapSigner } from './bootstrap-tokens/signer.ts'
import { certificateApprover } from './certificates/approver.ts'
import { certificateCleaner } from './certificates/cleaner.ts'
import { certificateSigner } from './certificates/signer.ts'
import { definitionCleanup } from './crd/cleanup.ts'
import { definitionStatus } from './crd/status.ts'
import { cronJobController } from './cron-job/controller.ts'
import type { Dependencies } from './dependencies.ts'
import { disruptionController } from './disruption/controller.ts'
import { dnsZones } from './dns-zones/controller.ts'
import { endpointSliceController, endpointSliceMirroring } from './endpoint-slice/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { firstControllers } from './first.ts'
import { flowSchemaController } from './flow-schemas/controller.ts'
import { garbageCollector } from './garbage-collector/controller.ts'
import { jobController } from './job/controller.ts'
import { leaseCleaner } from './leases/controller.ts'
import { loadBalancer } from './load-balancer/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeLifecycle } from './node-lifecycle/controller.ts'
import { taintEviction } from './node-lifecycle/eviction.ts'
import { podCollector } from './pod-gc/controller.ts'
import { quotaController } from './quota/controller.ts'
import { scheduler } from './scheduling/controller.ts'
import { serviceAccountTokens } from './service-account-tokens/controller.ts'
import { ttlAfterFinished } from './ttl/finished-jobs.ts'
import { nodeTtl } from './ttl/nodes.ts'
import { claimProtection, volumeProtection } from './volume-protection/controller.ts'
import { workloadControllers } from './workloads.ts'

export function allControllers(dependencies: Dependencies): ControllerSpec[] {
  return [...firstControllers(dependencies), ...otherControllers(dependencies)]
}

/** All but the first. Those that need what the options do not give (an issuer, a signer) are left out. */
export function otherControllers(dependencies: Dependencies): ControllerSpec[] {
  const { issueServiceAccountToken, signCertificate } = dependencies
  return [
    namespaceController(dependencies),
    garbageCollector(dependencies),
    clusterRoleAggregation(dependencies),
    definitionStatus(dependencies),
    definitionCleanup(dependencies),
    quotaController(dependencies),
    ttlAfterFinished(dependencies),
    nodeTtl(dependencies),
    claimProtection(dependencies),
    volumeProtection(dependencies),
    bootstrapTokenCleaner(dependencies),
    bootstrapSigner(dependencies),
    certificateApprover(dependencies),
    certificateCleaner(dependencies),
    leaseCleaner(dependencies),
    flowSchemaController(dependencies),
    ...workloadControllers(dependencies),
    disruptionController(dependencies),
    endpointSliceController(dependencies),
    endpointSliceMirroring(dependencies),
    endpointsController(dependencies),
    jobController(dependencies),
    cronJobController(dependencies),
    loadBalancer(dependencies),
    dnsZones(dependencies),
    scheduler(dependencies),
    nodeLifecycle(dependencies),
    taintEviction(dependencies),
    podCollector(dependencies),
    ...(issueServiceAccountToken === undefined
      ? []
      : [serviceAccountTokens(dependencies, issueServiceAccountToken)]),
    ...(signCertificate === undefined ? [] : [certificateSigner(dependencies, signCertificate)]),
  ]
}
