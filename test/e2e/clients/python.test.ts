// The Kubernetes project's client for Python: its own checks of the API, and streams into containers.

import { join } from 'node:path'
import { test } from 'node:test'
import { startBareNode } from '@brume/testkit/bare-node'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane } from '@brume/testkit/control-plane'
import { installPython, PYTHON } from './python-environment.ts'
import { runChecks } from './run-checks.ts'

const checks = (file: string) => join(import.meta.dirname, 'python', file)

test('the Python client', { timeout: 10 * 60_000 }, async (t) => {
  const reason = await installPython()
  if (reason !== undefined) return t.skip(reason)
  const plane = await startTestControlPlane()
  try {
    await runChecks(t, {
      path: PYTHON,
      args: [checks('checks.py')],
      env: { KUBECONFIG: plane.kubeconfig },
    })
  } finally {
    await plane.stop()
  }
})

const skip = whyNoContainers() ?? whyNoBusybox() ?? false

test('the Python client and containers', { skip, timeout: 10 * 60_000 }, async (t) => {
  const reason = await installPython()
  if (reason !== undefined) return t.skip(reason)
  const plane = await startTestControlPlane()
  try {
    const node = await startBareNode(plane)
    try {
      const serve = 'echo begun; echo page > /tmp/page; httpd -f -p 127.0.0.1:20178 -h /tmp'
      await node.start({ name: 'p', command: ['sh', '-c', serve] })
      await runChecks(t, {
        path: PYTHON,
        args: [checks('streams.py')],
        env: { KUBECONFIG: plane.kubeconfig },
      })
    } finally {
      await node.stop()
    }
  } finally {
    await plane.stop()
  }
})
