// Conformance, "API operations" and "lifecycle" of every kind that a control plane without nodes can serve.

import { describe, test } from 'node:test'
import { conformanceApi } from '../api.ts'
import { access, admission, extension, flowControl } from './cluster.ts'
import { core } from './core.ts'
import { network, storage } from './network-and-storage.ts'
import { checkOperations } from './operations.ts'
import { workloads } from './workloads.ts'

const TABLES = { core, workloads, network, storage, access, admission, flowControl, extension }

const api = conformanceApi()

for (const [name, rows] of Object.entries(TABLES)) {
  describe(name, () => {
    for (const row of rows) {
      const version = row.version ?? 'v1'
      test(`${row.resource} of ${row.group ?? 'core'}/${version} support every operation`, async () => {
        await checkOperations(api, row)
      })
    }
  })
}
