/** Names of objects: a label of RFC 1123, or a subdomain, which is labels with dots between them. */

export const labelPattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
export const subdomainPattern = `${labelPattern}(\\.${labelPattern})*`;

export type NameFormat = 'dns-label' | 'dns-subdomain';

const patterns = {
  'dns-label': new RegExp(`^${labelPattern}$`),
  'dns-subdomain': new RegExp(`^${subdomainPattern}$`),
};

export const maxLength = { 'dns-label': 63, 'dns-subdomain': 253 } as const;

export function isName(text: string, format: NameFormat): boolean {
  return text.length <= maxLength[format] && patterns[format].test(text);
}

/** The name that `text` comes closest to; empty if nothing of it can be in a name. */
export function nearestName(text: string, format: NameFormat): string {
  const isSubdomain = format === 'dns-subdomain';
  const name = text
    .toLowerCase()
    .replace(isSubdomain ? /[^a-z0-9.]+/g : /[^a-z0-9]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return name.slice(0, maxLength[format]).replace(/[-.]+$/, '');
}
