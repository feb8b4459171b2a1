import { isIP } from 'node:net';
import type { RateLimit } from '../../client/rate-limit.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultOf } from '../flags/controller-flags.ts';
import { type FlagValues, mostInt32 } from './flag-values.ts';

export type ClusterAccess =
  | { kind: 'in cluster' }
  | {
      kind: 'kubeconfig';
      /** The file, or (undefined) where kubectl would look: KUBECONFIG, else ~/.kube/config. */
      file: string | undefined;
      /** The API server in place of the file's. */
      server: string | undefined;
    }
  /** Without credentials: `kubectl proxy`, for example. */
  | { kind: 'server'; server: string };

/** Where /healthz, /livez and /readyz are served. */
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

/** As client-go: without a scheme, https where there may be credentials, else http. */
function serverUrl(flags: FlagValues, scheme: string): string | undefined {
  const text = flags.text('master');
  if (text === undefined) return undefined;
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `${scheme}://${text}`);
  const isServer =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === '';
  if (isServer) return url.href.replace(/\/$/, '');
  flags.errors.push(
    `--master is ${quoted(text.replace(/\/\/[^/]*@/, '//...@'))}, which is no address of a server. Write it like https://10.0.0.1:6443.`,
  );
  return undefined;
}

export function rateLimit(flags: FlagValues, notes: string[]): RateLimit | undefined {
  const requestsPerSecond = flags.decimal('kube-api-qps');
  const burst = flags.whole('kube-api-burst', 0, mostInt32);
  // As in client-go, a burst of 0 is none given.
  if (requestsPerSecond > 0)
    return { requestsPerSecond, burst: burst || Number(defaultOf('kube-api-burst')) };
  if (burst > 0 && flags.isGiven('kube-api-burst')) {
    notes.push('--kube-api-burst has no effect without --kube-api-qps: requests are not limited.');
  }
  return undefined;
}

export function healthOptions(flags: FlagValues): HealthOptions | undefined {
  const host = flags.text('bind-address') ?? '';
  if (isIP(host) === 0) {
    flags.errors.push(
      `--bind-address is ${quoted(host)}, which is no IP address. Write 0.0.0.0 or :: for every interface.`,
    );
  }
  const port = flags.whole('secure-port', 0, 65535);
  const certFile = flags.text('tls-cert-file');
  const keyFile = flags.text('tls-private-key-file');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] =
      keyFile === undefined ? ['cert', 'private-key'] : (['private-key', 'cert'] as const);
    flags.errors.push(
      `--tls-${given}-file needs --tls-${missing}-file beside it. Give both, or none for plain HTTP.`,
    );
  }
  if (port === 0) return undefined;
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  return { host, port, tls };
}
