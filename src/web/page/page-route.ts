/** What is shown, as it stands behind the # of a link. */
export type PageRoute =
  | { readonly kind: 'world' }
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
  return { kind: 'world' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function linkTo(...parts: readonly string[]): string {
  // A colon is allowed there, and an address is easier to read with it.
  return `#/${parts.map((part) => encodeURIComponent(part).replaceAll('%3A', ':')).join('/')}`;
}

/** Where the server tells of it. */
export function pathFor(route: PageRoute): string {
  const encode = encodeURIComponent;
  switch (route.kind) {
    case 'world':
      return '/api/world';
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
