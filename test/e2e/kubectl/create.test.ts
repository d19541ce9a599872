// Every generator of kubectl create, kubectl run, and dry runs of all of them.

import { execFileSync } from 'node:child_process'
import { fails, kubectlSuite, type Step } from './steps.ts'

/** Key and certificate for `create secret tls`. */
function keyPair(): Record<string, string> {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const args = ['req', '-x509', ...curve, '-days', '3', '-subj', '/CN=x', '-keyout', '-']
  const pem = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const start = pem.indexOf('-----BEGIN CERTIFICATE')
  return { 'tls.key': pem.slice(0, start), 'tls.crt': pem.slice(start), 'vars.env': 'A=b\nC=d\n' }
}

/** Each with the name that the server answers. */
const GENERATORS: [command: string, created: string][] = [
  ['deployment dep --image=nginx --replicas=2 --port=80', 'deployment.apps/dep'],
  ['job j --image=busybox -- echo hi', 'job.batch/j'],
  ["cronjob cj --image=busybox --schedule='*/5 * * * *' -- date", 'cronjob.batch/cj'],
  ['configmap cm --from-file=tls.crt --from-literal=k=v', 'configmap/cm'],
  ['configmap dir --from-file=.', 'configmap/dir'],
  ['configmap env --from-env-file=vars.env', 'configmap/env'],
  ['secret generic sg --from-literal=user=admin', 'secret/sg'],
  ['secret tls st --cert=tls.crt --key=tls.key', 'secret/st'],
  ['secret docker-registry sd --docker-username=u --docker-password=p', 'secret/sd'],
  ['service clusterip s1 --tcp=80:8080', 'service/s1'],
  ['service clusterip s2 --clusterip=None', 'service/s2'],
  ['service nodeport s3 --tcp=80:8080', 'service/s3'],
  ['service loadbalancer s4 --tcp=80:8080', 'service/s4'],
  ['service externalname s5 --external-name=example.com', 'service/s5'],
  [
    'ingress ing --rule=foo.com/bar*=s1:80,tls=st --class=x --default-backend=s1:80',
    'ingress.networking.k8s.io/ing',
  ],
  [
    'role r --verb=get,list --resource=pods,deployments.apps --resource-name=x',
    'role.rbac.authorization.k8s.io/r',
  ],
  [
    'rolebinding rb --role=r --user=bob --serviceaccount=$NS:default --group=g',
    'rolebinding.rbac.authorization.k8s.io/rb',
  ],
  [
    'clusterrole cr-$V --verb=get --resource=nodes --non-resource-url=/healthz',
    'clusterrole.rbac.authorization.k8s.io/cr-$V',
  ],
  ['clusterrole cra-$V --aggregation-rule=a=b', 'clusterrole.rbac.authorization.k8s.io/cra-$V'],
  [
    'clusterrolebinding crb-$V --clusterrole=cr-$V --user=bob',
    'clusterrolebinding.rbac.authorization.k8s.io/crb-$V',
  ],
  ['quota q --hard=pods=5,cpu=9 --scopes=NotTerminating', 'resourcequota/q'],
  ['pdb pdb --selector=app=dep --min-available=1', 'poddisruptionbudget.policy/pdb'],
  ['priorityclass pc-$V --value=100 --description=d', 'priorityclass.scheduling.k8s.io/pc-$V'],
  ['serviceaccount sa', 'serviceaccount/sa'],
  ['namespace made-$V', 'namespace/made-$V'],
]

const [first] = GENERATORS
const steps = (suffix: string, told: string, some = GENERATORS): Step[] =>
  some.map(([command, created]) => {
    const [head, ...rest] = command.split(' -- ')
    return [`create ${[`${head}${suffix}`, ...rest].join(' -- ')}`, `${created} created${told}`]
  })

kubectlSuite('kubectl create and run', [
  {
    name: 'create',
    needs: 'openssl',
    files: keyPair,
    steps: [
      ...steps(' --dry-run=server', ' (server dry run)').filter(([command]) => !command.includes('quota')),
      ...steps('', ''),
      ['create job from --from=cronjob/cj', 'job.batch/from created'],
      [
        'create namespace made-$V',
        fails('Error from server (AlreadyExists): namespaces "made-$V" already exists'),
      ],
      ['create configmap cm', fails('error: failed to create configmap: configmaps "cm" already exists')],
      [
        'create deployment dep --image=x',
        fails('error: failed to create deployment: deployments.apps "dep" already exists'),
      ],
      [
        'create service nodeport s3 --tcp=80',
        fails('error: failed to create NodePort service: services "s3" already exists'),
      ],
      [
        "get secret -o 'jsonpath={range .items[*]}{.metadata.name}={.type} {end}'",
        'sd=kubernetes.io/dockerconfigjson sg=Opaque st=kubernetes.io/tls',
      ],
      ["get cm env -o 'jsonpath={.data}'", '{"A":"b","C":"d"}'],
      [
        'get job j --show-labels --no-headers',
        / batch.kubernetes.io\/controller-uid=\S+,batch.kubernetes.io\/job-name=j,controller-uid=\S+,job-name=j$/,
      ],
      ['get ing', /^NAME +CLASS +HOSTS +ADDRESS +PORTS +AGE\ning +x +foo.com +80, 443 /],
      [
        'get svc',
        /\ns4 +LoadBalancer +10\.96\.\S+ +<pending> +80:3\d{4}\/TCP [\s\S]*\ns5 +ExternalName +<none> +example.com +<none> /,
      ],
      ['get pdb', /\npdb +1 +N\/A +0 /],
      ['create token sa', /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/],
      ['create token sa --duration=10m --audience=x -o yaml', /\nstatus:\n {2}expirationTimestamp: /],
      ['create token sa --duration=1s', fails(/may not specify a duration less than 10 minutes$/)],
      ['create token nope', fails('error: failed to create token: serviceaccounts "nope" not found')],
      [
        'create token sa --bound-object-kind=Pod --bound-object-name=nope',
        fails('error: failed to create token: pods "nope" not found'),
      ],
    ],
  },
  {
    name: 'run',
    steps: [
      ...steps(' --dry-run=client', ' (dry run)', [first!]),
      ...steps('', '', [first!]),
      ['run pp --image=nginx --dry-run=server -o name', 'pod/pp'],
      ['run pp --image=nginx --dry-run=client -o name', 'pod/pp'],
      [
        'run pp --image=nginx --port=80 --expose --labels=app=pp --env=A=b',
        'service/pp created\npod/pp created',
      ],
      [
        "get pod pp -o 'jsonpath={.spec.containers[0].env[0].value} {.spec.restartPolicy} {.status.phase}'",
        'b Always Pending',
      ],
      ['run pp --image=nginx', fails('Error from server (AlreadyExists): pods "pp" already exists')],
      [
        `run p2 --image=nginx --restart=Never --overrides='{"spec":{"nodeName":"n"}}' --command -- sleep 1`,
        'pod/p2 created',
      ],
      ["get pod p2 -o 'jsonpath={.spec.nodeName} {.spec.containers[0].command}'", 'n ["sleep","1"]'],
      ['expose pod pp --port=81 --name=pp2', 'service/pp2 exposed'],
      ['expose pod nope --port=81', fails('Error from server (NotFound): pods "nope" not found')],
      ['run Bad_Name --image=x', fails(/^(The Pod "Bad_Name" is invalid|error: Invalid pod name)/)],
    ],
  },
])
