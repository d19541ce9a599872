// What a person sees who opens the API's address in a browser: what this is, and how to come in. Browsers come without
// credentials, so the page is shown to everybody; it says nothing that /version does not say to everybody too.
// Everything else at that address is the list of paths, as from any Kubernetes API.

import type { ApiRequest, ApiResponse } from '@brume/apiserver/http/types'
import type { ApiServer } from '@brume/apiserver/server'
import { BRUME_VERSION } from './version.ts'

/** The list of paths: for who may read it. */
export function rootResponse(paths: readonly string[]): ApiResponse {
  const body = `${JSON.stringify({ paths }, null, 2)}\n`
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

/** The server, with the page in front of it. */
export function withWelcome(server: ApiServer): ApiServer {
  return { handle: (request) => (wantsPage(request) ? Promise.resolve(page()) : server.handle(request)) }
}

function wantsPage({ method, path, headers }: ApiRequest): boolean {
  return path === '/' && method === 'GET' && (headers['accept'] ?? '').startsWith('text/html')
}

function page(): ApiResponse {
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
