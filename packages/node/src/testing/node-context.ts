// What a part of the agent is given, for tests: events are kept for the test to read.

import type { Clock } from '@brume/base/clock'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import type { EventSubject, EventText } from '@brume/client/event-recorder'
import { nodeDirsAt } from '../agent/dirs.ts'
import type { NodeContext } from '../contract.ts'
import type { Cri } from '../cri/cri.ts'

export interface TestNodeContext extends NodeContext {
  events: (EventText & { subject: EventSubject })[]
}

export function testNodeContext(of: {
  root: string
  cri: Cri
  client?: Client
  nodeName?: string
  clock?: Clock
}): TestNodeContext {
  const events: TestNodeContext['events'] = []
  return {
    nodeName: of.nodeName ?? 'n1',
    // Parts that take no client are tested without one.
    client: of.client as Client,
    cri: of.cri,
    clock: of.clock ?? systemClock,
    logger: silentLogger,
    dirs: nodeDirsAt(of.root),
    event: (subject, text) => void events.push({ subject, ...text }),
    events,
  }
}
