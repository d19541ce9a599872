// What a workload controller needs from whoever runs it.

import type { Dependencies } from '../dependencies.ts'

export type WorkloadDependencies = Pick<Dependencies, 'client' | 'informers' | 'clock' | 'logger'>
