import type { Requests } from './requests.ts';

/** What the API server has done so far, by its own count. */
export interface ApiCounts {
  readonly serviceWrites: number;
  readonly eventWrites: number;
  /** Of IPAddresses. */
  readonly claimWrites: number;
  /** Processor time of kube-apiserver. */
  readonly cpuMs: number;
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
  const cpu = /^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1];
  return {
    serviceWrites: writes.get('services') ?? 0,
    eventWrites: writes.get('events') ?? 0,
    claimWrites: writes.get('ipaddresses') ?? 0,
    cpuMs: Number(cpu) * 1000,
  };
}

export function minus(after: ApiCounts, before: ApiCounts): ApiCounts {
  return {
    serviceWrites: after.serviceWrites - before.serviceWrites,
    eventWrites: after.eventWrites - before.eventWrites,
    claimWrites: after.claimWrites - before.claimWrites,
    cpuMs: after.cpuMs - before.cpuMs,
  };
}
