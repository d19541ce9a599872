// The kinds of batch/v1.

import type { KindSource } from '../define.ts'
import { cronJob } from './cron-job.ts'
import { job } from './job.ts'

export const batchKinds: KindSource[] = [cronJob, job]
