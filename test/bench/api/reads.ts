// GET of one object, and LIST of many in every form that clients ask for.

import { type Bench, compare } from './bench.ts'
import type { Auth } from './connection.ts'
import { PODS, SELECTED } from './objects.ts'
import { milliseconds } from './report.ts'
import type { Target } from './target.ts'
import { throughputAndCpu } from './writes.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const FIRST_BYTE_MS = 20
const WARM_LISTS = 10

export async function gets(bench: Bench, limited: (target: Target) => Auth): Promise<void> {
  const request = { method: 'GET', path: `${PODS}/pod-{n}`, from: 0, count: bench.scale.objects, writers: 16 }
  const { report } = bench
  throughputAndCpu(report, 'GET pod, 16 readers', await compare(bench, request), { least: 5, most: 1 / 6 })
  const some = await compare(bench, { ...request, auth: limited })
  throughputAndCpu(report, 'GET pod, 16 readers, service account by RBAC', some, { least: 5, most: 1 / 6 })
}

export async function lists(bench: Bench): Promise<void> {
  const { scale, report } = bench
  const list = async (
    what: string,
    options: { query?: string; accept?: string; least?: number; firstByte?: boolean },
  ) => {
    const { query = '', accept = 'application/json', least, firstByte = false } = options
    // Without a page's limit, what other measurements have written stays out of it.
    const path = `${PODS}?${query}`
    const both = await compare(bench, { method: 'GET', path, headers: { accept }, writers: 1 }, WARM_LISTS)
    throughputAndCpu(report, what, both, least === undefined ? {} : { least })
    if (!firstByte) return
    report.absolute({
      what: '  first byte',
      most: FIRST_BYTE_MS,
      ours: both.ours.firstByteP50Ms,
      peer: both.peer?.firstByteP50Ms,
      format: milliseconds,
    })
  }
  const name = `LIST ${scale.objects} pods`
  await list(`${name}, JSON`, { least: 5, firstByte: true })
  await list(`${name}, protobuf`, { accept: PROTOBUF, least: 3, firstByte: true })
  await list(`${name}, label selector (1 in 10), JSON`, { query: SELECTED })
  await list(`${name}, label selector (1 in 10), protobuf`, { query: SELECTED, accept: PROTOBUF })
  await list(`${name}, first page of 500, JSON`, { query: 'limit=500' })
  await list(`${name}, first page of 500, Table`, { query: 'limit=500', accept: TABLE })
  await list(`${name}, Table`, { accept: TABLE })
}
