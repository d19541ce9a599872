// Manifests that several topics use.

export const CONFIG_MAP = `
apiVersion: v1
kind: ConfigMap
metadata: {name: c1, labels: {app: x}}
data: {a: "1"}
`

export const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: x}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: "nginx:1", ports: [{containerPort: 80}]}
`

export const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, name: http}]
`

export const POD = `
apiVersion: v1
kind: Pod
metadata: {name: p1, labels: {app: p}}
spec:
  containers:
  - name: c
    image: busybox
    env: [{name: A, value: b}]
    resources: {limits: {cpu: 100m, memory: 64Mi}}
    livenessProbe: {httpGet: {path: /, port: 80}}
  volumes: [{name: e, emptyDir: {}}]
`

export const documents = (...texts: string[]) => texts.join('---\n')
