import type { Requests } from './requests.ts';

/** What kube-apiserver has done so far, by its own metrics. */
export interface ApiCounts {
  readonly serviceWrites: number;
  readonly eventWrites: number;
  readonly claimWrites: number;
  /** CPU time of kube-apiserver. */
  readonly apiServerCpuMs: number;
}

const writing: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);

export async function apiCounts(requests: Requests): Promise<ApiCounts> {
  const text = await requests.send({ method: 'GET', path: '/metrics' });
  const writes = new Map<string, number>();
  for (const [, labels = '', value] of text.matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
    const label = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const resource = label('resource');
    if (writing.has(label('verb'))) writes.set(resource, (writes.get(resource) ?? 0) + Number(value));
  }
  return {
    serviceWrites: writes.get('services') ?? 0,
    eventWrites: writes.get('events') ?? 0,
    claimWrites: writes.get('ipaddresses') ?? 0,
    apiServerCpuMs: Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1]) * 1000,
  };
}

/** What it did between two counts, for each of so many Services. */
export function perService(before: ApiCounts, after: ApiCounts, services: number): ApiCounts {
  const each = (name: keyof ApiCounts): number => (after[name] - before[name]) / services;
  return {
    serviceWrites: each('serviceWrites'),
    eventWrites: each('eventWrites'),
    claimWrites: each('claimWrites'),
    apiServerCpuMs: each('apiServerCpuMs'),
  };
}
