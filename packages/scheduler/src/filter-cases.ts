// What the tests of the filters share: pods that ask for something, and a table of where they go or why nowhere.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { refusalMessage } from './explain.ts'
import { node, placeOn } from './fixtures.ts'
import type { Json } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/** The node, or Kubernetes' sentence up to what would change it. */
function outcome(snapshot: Snapshot, object: KubeObject): string {
  const placed = placeOn(snapshot, object)
  return placed.node ?? refusalMessage(placed, snapshot, '').split(' To place it:')[0]!
}

export const affinity = (kind: string, terms: Json[]) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
})
export const nodeTerms = (...nodeSelectorTerms: Json[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})
export const byApp = (app: string, topologyKey = 'kubernetes.io/hostname') => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
})
export const zones = { nodes: [node('a', { labels: { zone: 'x' } }), node('b', { labels: { zone: 'y' } })] }
export const app = (name: string) => ({ labels: { app: name } })
export const spread = (more: Json = {}) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'w' } },
      ...more,
    },
  ],
})

export interface Row {
  title: string
  in: Snapshot
  pod: KubeObject
  gives: string
}

/** One test a row. */
export function check(rows: Row[]): void {
  for (const row of rows) it(row.title, () => assert.equal(outcome(row.in, row.pod), row.gives))
}
