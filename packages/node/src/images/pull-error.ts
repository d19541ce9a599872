// Why a pull failed, with what to do next: the runtime's own words first, because people look them up.

export interface PullFailure {
  /** ErrImagePull, RegistryUnavailable or SignatureValidationFailed, as the kubelet. */
  reason: string
  message: string
}

interface Advice {
  pattern: RegExp
  text(of: { image: string; host: string; arch: string }): string
}

const BUILT_IN = 'registry.brume.internal'
const MAX_CAUSE = 800

const ADVICE: readonly Advice[] = [
  {
    pattern: /no match for platform|no matching manifest|does not match the specified platform/i,
    text: ({ arch }) => `the image has no variant for linux/${arch}: use an image or a node that has`,
  },
  {
    pattern: /no space left on device/i,
    text: () => 'the disk of this node is full: free some of it (brume image list, brume image rm NAME)',
  },
  {
    pattern: /x509|certificate signed by unknown authority|tls: failed to verify/i,
    text: ({ host }) =>
      `this node does not trust the certificate of ${host}: add its CA to the machine's own`,
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    text: ({ host }) => `${host} speaks no TLS: give it a certificate, or push the image to ${BUILT_IN}`,
  },
  {
    pattern:
      /no such host|network is unreachable|no route to host|connection refused|i\/o timeout|server misbehaving|TLS handshake timeout|context deadline exceeded|connection reset|EOF$/i,
    text: ({ host, image }) =>
      host === BUILT_IN
        ? 'the built-in registry does not answer: ./brume doctor'
        : `there is no way from this node to ${host}. Without internet, build the image here (brume image build) ` +
          `or bring it from a machine that has it (docker save ${image} -o FILE, then brume image import FILE)`,
  },
  {
    pattern: /401|403|unauthorized|denied|authorization failed|authentication required|insufficient_scope/i,
    text: ({ host, image }) =>
      `there is no ${image}, or it is not for everybody: then kubectl create secret docker-registry NAME ` +
      `--docker-server=${host} --docker-username=... --docker-password=..., and name it in imagePullSecrets`,
  },
  {
    pattern: /not found|manifest unknown|404/i,
    text: ({ host }) =>
      host === BUILT_IN
        ? 'see what is there: brume image list; make or bring it: brume image build, brume image import'
        : 'check the name and the tag',
  },
  {
    pattern: /failed to extract layer|failed to apply|unpack|invalid tar header|breakout|path traversal/i,
    text: () => 'a layer of the image cannot be unpacked safely: build it anew, or use another',
  },
]

/** What the runtime answered to a pull of `image`. */
export function pullFailure(answer: string, of: { image: string; host: string; arch: string }): PullFailure {
  const cause = shortened(answer.replace(/^PullImage: /, ''))
  for (const [reason, why] of [
    ['RegistryUnavailable', 'the registry is unavailable'],
    ['SignatureValidationFailed', 'the signature validation failed'],
  ] as const) {
    if (!cause.startsWith(reason)) continue
    return {
      reason,
      message: `image pull failed for ${of.image} because ${why}${cause.slice(reason.length)}`,
    }
  }
  const advice = ADVICE.find(({ pattern }) => pattern.test(cause))
  return { reason: 'ErrImagePull', message: advice === undefined ? cause : `${cause}; ${advice.text(of)}` }
}

/** The end says what happened, the beginning what was being done. */
function shortened(text: string): string {
  if (text.length <= MAX_CAUSE) return text
  return `${text.slice(0, MAX_CAUSE / 4)} ... ${text.slice(-(MAX_CAUSE * 3) / 4)}`
}
