// What the server says of its own event loop since it was last asked.

import type { Bench } from './bench.ts'
import { Connection } from './connection.ts'

const METRIC = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m

export async function eventLoopP99Ms({ ours }: Pick<Bench, 'ours'>): Promise<number> {
  const connection = await Connection.open(ours.url, ours.admin)
  const chunks: Buffer[] = []
  await connection.send({ path: '/metrics', onData: (chunk) => chunks.push(chunk) })
  connection.close()
  return Number(METRIC.exec(Buffer.concat(chunks).toString())?.[1]) * 1000
}
