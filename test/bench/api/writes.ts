// Durable writes: ConfigMaps against puts to etcd itself, and pods with all that a write of one entails.

import type { RunningEtcd } from '../etcd.ts'
import { measure as measureWriters, medianRound, type Measured as Writers } from '../writers.ts'
import { type Bench, compare, type Measured, measure, median, warmUp } from './bench.ts'
import type { Auth } from './connection.ts'
import { CONFIG_MAPS, configMapNamed, PODS, podNamed } from './objects.ts'
import { milliseconds, perSecond } from './report.ts'
import type { Target } from './target.ts'

const WRITERS = [1, 16, 64]
const JSON_BODY = { 'content-type': 'application/json' }

/** What the API server keeps of the ConfigMap, put as it is by a client that needs no API server. */
export async function configMaps(bench: Bench, etcd: RunningEtcd | undefined): Promise<void> {
  const { report, scale } = bench
  const client = etcd?.connect()
  const value = Buffer.from(configMapNamed('load-1000000'))
  let put = 0
  for (const writers of WRITERS) {
    const request = {
      method: 'POST',
      path: CONFIG_MAPS,
      headers: JSON_BODY,
      body: configMapNamed('load-{n}'),
      writers,
    }
    const ours: Measured[] = []
    const kube: Measured[] = []
    const puts: Writers[] = []
    await warmUp(bench, request, scale.warmCount)
    for (let round = 0; round < scale.rounds; round++) {
      ours.push(await measure(bench, bench.ours, request))
      if (client) {
        const write = () => client.put(`/registry/configmaps/bench/load-${put++}`, value)
        puts.push(await measureWriters({ writers, durationMs: scale.durationMs, write }))
      }
      if (bench.peer) kube.push(await measure(bench, bench.peer, request))
    }
    const mine = median(ours)
    const theirs = client && medianRound(puts)
    const what = `POST ConfigMap, ${writers} ${writers === 1 ? 'writer' : 'writers'}`
    report.relative({
      what: `${what} / etcd put`,
      least: writers === 1 ? 2 : 3,
      ours: mine.perSecond,
      peer: theirs?.perSecond,
      format: perSecond,
    })
    report.relative({ what: '  p99', most: 1, ours: mine.p99Ms, peer: theirs?.p99Ms, format: milliseconds })
    if (bench.peer) {
      const peer = median(kube)
      report.relative({
        what: `${what} / kube-apiserver`,
        ours: mine.perSecond,
        peer: peer.perSecond,
        format: perSecond,
      })
    }
  }
  client?.close()
}

export async function pods(bench: Bench, limited: (target: Target) => Auth): Promise<void> {
  const request = { method: 'POST', path: PODS, headers: JSON_BODY, body: podNamed('load-{n}'), writers: 16 }
  const { report } = bench
  const all = await compare(bench, request)
  throughputAndCpu(report, 'POST pod, 16 writers', all, { least: 4, most: 0.2 })
  const some = await compare(bench, { ...request, auth: limited })
  throughputAndCpu(report, 'POST pod, 16 writers, service account by RBAC', some, { least: 4, most: 0.2 })
}

/** The two rows of a request: how many a second, and what each costs the server. */
export function throughputAndCpu(
  report: Bench['report'],
  what: string,
  { ours, peer }: { ours: Measured; peer: Measured | undefined },
  { least, most }: { least?: number; most?: number },
): void {
  report.relative({
    what,
    ...(least === undefined ? {} : { least }),
    ours: ours.perSecond,
    peer: peer?.perSecond,
    format: perSecond,
  })
  report.relative({
    what: '  CPU of the server for each',
    ...(most === undefined ? {} : { most }),
    ours: ours.cpuMsPerRequest,
    peer: peer?.cpuMsPerRequest,
    format: milliseconds,
  })
}
