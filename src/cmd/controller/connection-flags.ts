import { isIP } from 'node:net';
import type { RateLimit } from '../../client/rate-limit.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultOf } from '../flags/controller-flags.ts';
import { readServerUrl } from '../flags/server-url.ts';
import { type FlagValues, maxInt32 } from './flag-values.ts';

export type ClusterAccess =
  | { kind: 'in cluster' }
  | {
      kind: 'kubeconfig';
      /** Undefined: the default of kubectl, KUBECONFIG or ~/.kube/config. */
      file: string | undefined;
      /** Overrides the API server in the file. */
      server: string | undefined;
    }
  /** Without credentials, such as `kubectl proxy`. */
  | { kind: 'server'; server: string };

/** The endpoint of /healthz, /livez, /readyz, and /metrics. */
export interface HealthOptions {
  host: string;
  port: number;
  /** undefined: plain HTTP. */
  tls: { certFile: string; keyFile: string } | undefined;
}

export function clusterAccess(flags: FlagValues): ClusterAccess {
  const file = flags.text('kubeconfig');
  const isOutside = file !== undefined || flags.isOn('OutSideCluster');
  const server = serverUrl(flags, isOutside ? 'https' : 'http');
  if (isOutside) return { kind: 'kubeconfig', file, server };
  return server === undefined ? { kind: 'in cluster' } : { kind: 'server', server };
}

/** Like client-go: the default scheme is https if there may be credentials, otherwise http. */
function serverUrl(flags: FlagValues, scheme: string): string | undefined {
  const text = flags.text('master');
  if (text === undefined) return undefined;
  const url = readServerUrl('--master', text, scheme);
  if (typeof url === 'string') return url;
  flags.errors.push(url.message);
  return undefined;
}

export function rateLimit(flags: FlagValues, warnings: string[]): RateLimit | undefined {
  const requestsPerSecond = flags.decimal('kube-api-qps');
  const burst = flags.integer('kube-api-burst', 0, maxInt32);
  // As in client-go, a burst of 0 means the default.
  if (requestsPerSecond > 0)
    return { requestsPerSecond, burst: burst || Number(defaultOf('kube-api-burst')) };
  if (burst > 0 && flags.isSet('kube-api-burst')) {
    warnings.push('--kube-api-burst has no effect without --kube-api-qps: requests are not limited.');
  }
  return undefined;
}

export function healthOptions(flags: FlagValues): HealthOptions | undefined {
  const host = flags.text('bind-address') ?? '';
  if (isIP(host) === 0) {
    flags.errors.push(
      `--bind-address=${quoted(host)} is not an IP address. To listen on all interfaces, use 0.0.0.0 or ::.`,
    );
  }
  const port = flags.integer('secure-port', 0, 65535);
  const certFile = flags.text('tls-cert-file');
  const keyFile = flags.text('tls-private-key-file');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [present, missing] =
      keyFile === undefined ? ['cert', 'private-key'] : (['private-key', 'cert'] as const);
    flags.errors.push(
      `--tls-${present}-file requires --tls-${missing}-file. Set both, or neither to serve plain HTTP.`,
    );
  }
  if (port === 0) return undefined;
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  return { host, port, tls };
}
