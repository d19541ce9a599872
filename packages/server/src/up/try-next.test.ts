import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tryNext } from './try-next.ts'

describe('what to try next', () => {
  it('is three commands that can be copied, for the usual data directory and for another', () => {
    assert.equal(
      tryNext({ root: '/var/lib/brume', kubeconfig: '/var/lib/brume/kubeconfig' }),
      `
Try next, in another terminal:
  ./brume image build web && ./brume run web --image web --port 8080
  ./brume status
  export KUBECONFIG=/var/lib/brume/kubeconfig && kubectl get pods --all-namespaces
`,
    )
    const commands = tryNext({ root: '/d', kubeconfig: '/d/kubeconfig' }).match(/\.\/brume [^&\n]*/g)
    assert.equal(
      commands?.every((command) => command.includes('--data-dir /d')),
      true,
    )
  })
})
