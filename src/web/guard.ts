import type { IncomingMessage } from 'node:http';

/**
 * Headers of every response. They restrict the page to its own files, block inline scripts, inline styles and framing,
 * keep text from becoming markup, and keep other origins from reading a response.
 */
export const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

export interface Rejection {
  readonly status: 403 | 405 | 421;
  readonly text: string;
}

/** Why a request must not be answered; undefined if it may be. */
export function rejectionOf({ method, headers, url = '' }: IncomingMessage): Rejection | undefined {
  // DNS rebinding: another site can resolve its own name to 127.0.0.1 and would then have the same origin.
  if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(headers.host ?? '')) {
    return {
      status: 421,
      text: 'This page accepts only the host names localhost, 127.0.0.1 and [::1]. Open it with one of these.\n',
    };
  }
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, text: 'Method not allowed. This page is read-only: use GET or HEAD.\n' };
  // Another site could not read the response, but it could send any number of requests. Links to the page are allowed.
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwn && url.startsWith('/api/')) {
    return { status: 403, text: 'Cross-site requests are not allowed. Open this URL directly.\n' };
  }
  return undefined;
}
