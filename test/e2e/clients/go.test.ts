// client-go, the library of nearly every program in Go: the version of this API, and the newest.

import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { buildGo, type GoProgram } from './build-go.ts'
import { runChecks } from './run-checks.ts'

const TEST_LIMIT_MS = 14 * 60_000

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

function program(title: string, built: GoProgram, env: Record<string, string> = {}): void {
  test(title, { timeout: TEST_LIMIT_MS }, async (t) => {
    const found = await buildGo(built)
    if ('skip' in found) return t.skip(found.skip)
    await runChecks(t, { path: found.path, env: { KUBECONFIG: plane.kubeconfig, ...env } })
  })
}

program('client-go 0.32: everything it offers', { name: 'everything', modules: 'go.mod' })

for (const [version, modules] of [
  ['0.32', 'go.mod'],
  ['0.37', 'newest.mod'],
] as const) {
  for (const streaming of ['true', 'false']) {
    program(
      `client-go ${version}: informers filled by ${streaming === 'true' ? 'a stream' : 'a list'}`,
      { name: 'informers', modules },
      {
        CHECK_NAMESPACE: 'default',
        KUBE_FEATURE_WatchListClient: streaming,
        // Lists again and panics where that differs from what the watch gave.
        KUBE_WATCHLIST_INCONSISTENCY_DETECTOR: 'true',
      },
    )
  }
}
