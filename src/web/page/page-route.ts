/** The view that the fragment of a link names. */
export type PageRoute =
  | { readonly kind: 'overview' }
  | { readonly kind: 'pool'; readonly key: string; readonly range: string | undefined }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'search'; readonly query: string };

export function routeOf(hash: string): PageRoute {
  const [kind, first = '', second] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (kind === 'pool') return { kind, key: first, range: second };
  if (kind === 'service') return { kind, namespace: first, name: second ?? '' };
  if (kind === 'address') return { kind, address: first };
  if (kind === 'search') return { kind, query: first };
  return { kind: 'overview' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function linkTo(...parts: readonly string[]): string {
  // A fragment may contain colons, and they keep IPv6 addresses readable.
  return `#/${parts.map((part) => encodeURIComponent(part).replaceAll('%3A', ':')).join('/')}`;
}

/** The API path with the data of the view. */
export function pathFor(route: PageRoute): string {
  const encode = encodeURIComponent;
  switch (route.kind) {
    case 'overview':
      return '/api/overview';
    case 'pool':
      return `/api/pool/${encode(route.key)}${route.range === undefined ? '' : `?range=${encode(route.range)}`}`;
    case 'service':
      return `/api/service/${encode(route.namespace)}/${encode(route.name)}`;
    case 'address':
      return `/api/address/${encode(route.address)}`;
    case 'search':
      return `/api/services?q=${encode(route.query)}`;
  }
}
