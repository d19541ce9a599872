// What a person sees who opens the API's address in a browser: what this is, and how to come in. Everybody else gets
// the list of paths, as from any Kubernetes API.

import type { ApiRequest, ApiResponse } from '@brume/apiserver/http/types'
import { BRUME_VERSION } from './version.ts'

export function rootResponse(request: ApiRequest, paths: readonly string[]): ApiResponse {
  const wantsPage = (request.headers['accept'] ?? '').startsWith('text/html')
  if (!wantsPage) {
    const body = `${JSON.stringify({ paths }, null, 2)}\n`
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body: PAGE,
  }
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Brume</title>
<style>body{font:16px/1.5 system-ui;margin:3rem auto;max-width:42rem;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style>
<h1>Brume ${BRUME_VERSION}</h1>
<p>This is the Kubernetes API of a Brume cloud. It is used with <code>kubectl</code>, <code>helm</code>, the
<code>brume</code> command and every other client of Kubernetes.</p>
<p>On the machine it runs on, the file <code>kubeconfig</code> in its data directory lets an administrator in:</p>
<p><code>export KUBECONFIG=/var/lib/brume/kubeconfig</code><br><code>kubectl get namespaces</code></p>
<p>A graphical console is not part of this version.</p>
</html>
`
