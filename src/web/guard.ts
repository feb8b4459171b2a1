import type { IncomingMessage } from 'node:http';

/**
 * What goes with every answer. Nothing is loaded from elsewhere, nothing inline is run or styled, no text can become
 * markup, nobody may frame the page or read an answer from another origin.
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

/** What is not answered at all: undefined for a request that may be. */
export function rejectionOf({ method, headers, url = '' }: IncomingMessage): Rejection | undefined {
  // A page elsewhere can have its own name lead to 127.0.0.1, and would then be of the same origin (DNS rebinding).
  if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(headers.host ?? '')) {
    return {
      status: 421,
      text: 'This page is served as localhost, 127.0.0.1 or [::1] only: open it by one of these.\n',
    };
  }
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, text: 'Only GET: nothing can be changed here.\n' };
  // A page elsewhere could not read the answer, but ask as often as it likes. A link may come from anywhere.
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwn && url.startsWith('/api/')) {
    return { status: 403, text: 'Another page asks for this. Open it by itself.\n' };
  }
  return undefined;
}
