// What a person who has just started a cloud may want to do: three commands that can be copied.

import { type DataDir, DEFAULT_DATA_DIR } from './data-dir.ts'

export function tryNext(dir: Pick<DataDir, 'root' | 'kubeconfig'>): string {
  const where = dir.root === DEFAULT_DATA_DIR ? '' : `KUBECONFIG=${dir.kubeconfig} `
  return `
Try next, in another terminal:
  ${where}./brume run web --image registry.brume.internal/library/web:1 --port 80
  ${where}./brume status
  export KUBECONFIG=${dir.kubeconfig}; kubectl get pods --all-namespaces
`
}
