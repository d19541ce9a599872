// What a person who has just started a cloud may want to do: three commands that can be copied.

import { USUAL_DIR } from '@brume/machine/own-names'
import type { DataDir } from '../data-dir.ts'

export function tryNext(dir: Pick<DataDir, 'root' | 'kubeconfig'>): string {
  const where = dir.root === USUAL_DIR ? '' : ` --data-dir ${dir.root}`
  return `
Try next, in another terminal:
  ./brume image build web${where} && ./brume run web --image web --port 8080${where}
  ./brume status${where}
  export KUBECONFIG=${dir.kubeconfig} && kubectl get pods --all-namespaces
`
}
