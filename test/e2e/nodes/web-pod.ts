// A pod that says who it is and whom it sees, and serves a file that is larger than a frame.

import type { KubeObject } from '@brume/api/object'
import { BUSYBOX_IMAGE } from '@brume/testkit/busybox-image'

export const PORT = 8080

/** Says who it is and whom it sees; bound to its machine by name. `host`: `[::]` for both families. */
export function web(
  name: string,
  nodeName: string,
  labels: Record<string, string> = {},
  host = '0.0.0.0',
): KubeObject {
  const cgi = `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n${name} sees %s' "$(echo "$REMOTE_ADDR" | tr -d '[]' | sed 's/^::ffff://')"\n`
  const lines = [
    'mkdir -p /tmp/www/cgi-bin',
    `printf '%s' "$CGI" > /tmp/www/cgi-bin/index.cgi`,
    'chmod +x /tmp/www/cgi-bin/index.cgi',
    'ln -s /bin/busybox /tmp/www/busybox',
    `echo ${name} serves`,
    "trap 'exit 0' TERM",
    `httpd -f -p ${host}:${PORT} -h /tmp/www & wait`,
  ]
  const probe = { tcpSocket: { port: PORT }, periodSeconds: 1 }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name, ...labels } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'web',
          image: BUSYBOX_IMAGE,
          command: ['sh', '-c', lines.join('\n')],
          env: [{ name: 'CGI', value: cgi }],
          readinessProbe: probe,
        },
      ],
    },
  }
}
