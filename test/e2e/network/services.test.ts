// Services do what Kubernetes documents: the rows of service-addresses.ts and service-endpoints.ts,
// from objects of the API to connections between network namespaces under the agent's own rules in the kernel.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { whyNoContainers } from '@brume/testkit/containerd'
import { findingsOf } from './findings.ts'
import type { Findings } from './rows.ts'
import { SUITES } from './suites.ts'

describe('Services, as documented, each way a connection', {
  skip: whyNoContainers() ?? false,
  timeout: 180_000,
}, () => {
  let findings: Findings
  before(async () => {
    findings = await findingsOf('services')
  })
  for (const { title, gap } of SUITES.services) {
    if (gap === undefined) it(title, () => assert.deepEqual(findings[title], { seen: [] }))
    // When it is closed, the word `gap` goes.
    else
      it(`not yet: ${title} (${gap})`, () => {
        assert.equal(findings[title]!.error, undefined)
        assert.notDeepEqual(findings[title]!.seen, [])
      })
  }
})
