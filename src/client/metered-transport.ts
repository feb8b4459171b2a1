import { Counts } from '../metrics/counts.ts';
import { Histogram } from '../metrics/histogram.ts';
import type { Clock, HttpRequest, Transport } from './transport.ts';

type Method = HttpRequest['method'];

/** In seconds, as in Kubernetes' own programs (component-base/metrics/prometheus/restclient). */
const bounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Counters for requests to the API server. */
export class Requests {
  /** The code is `<error>` if there was no response, as in client-go. */
  readonly responses = new Counts<[code: string, method: Method]>();
  /** Seconds until the response begins; for watches, too. */
  readonly seconds = new Map<Method, Histogram>();

  count(method: Method, code: string, seconds: number): void {
    this.responses.add([code, method]);
    let histogram = this.seconds.get(method);
    if (histogram === undefined) {
      histogram = new Histogram(bounds);
      this.seconds.set(method, histogram);
    }
    histogram.observe(seconds);
  }
}

/** Counts each request by status and measures the time until its response. */
export function metered(transport: Transport, requests: Requests, clock: Clock): Transport {
  return async (request, signal) => {
    const { method } = request;
    const startedAt = clock.now();
    const count = (code: string): void => requests.count(method, code, (clock.now() - startedAt) / 1000);
    try {
      const response = await transport(request, signal);
      count(String(response.status));
      return response;
    } catch (error) {
      count('<error>');
      throw error;
    }
  };
}
