// What both HTTP versions share.

import type { Clock } from '@brume/base/clock'
import type { ApiServer } from '../server.ts'
import type { ListenerLimits } from './limits.ts'
import type { SlowReaders } from './slow-readers.ts'

export interface Serving {
  server: ApiServer
  slowReaders: SlowReaders
  clock: Clock
  limits: ListenerLimits
  /** A bug of the server: an answer could not be sent. */
  failed(error: unknown): void
}
