// NetworkPolicies do what Kubernetes documents: the rows of policy-peers.ts, policy-ports.ts and policy-sides.ts,
// from objects of the API to connections between network namespaces under the agent's own rules in the kernel.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { whyNoContainers } from '@brume/testkit/containerd'
import { findingsOf } from './findings.ts'
import type { Findings } from './rows.ts'
import { SUITES } from './suites.ts'

describe('NetworkPolicies, as documented, each allow and deny a connection', {
  skip: whyNoContainers() ?? false,
  timeout: 180_000,
}, () => {
  let findings: Findings
  before(async () => {
    findings = await findingsOf('policies')
  })
  for (const { title } of SUITES.policies) it(title, () => assert.deepEqual(findings[title], { seen: [] }))
})
