import { Counts } from '../metrics/counts.ts';
import { Histogram } from '../metrics/histogram.ts';
import type { Clock, HttpRequest, Transport } from './transport.ts';

type Method = HttpRequest['method'];

/** Seconds, as in Kubernetes' own programs (component-base/metrics/prometheus/restclient). */
const bounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** The requests to the API server, counted. */
export class Requests {
  /** The code is `<error>` where no answer came, as client-go has it. */
  readonly answered = new Counts<[code: string, method: Method]>();
  /** Until the answer begins; of a watch, too. */
  readonly seconds = new Map<Method, Histogram>();

  count(method: Method, code: string, seconds: number): void {
    this.answered.add([code, method]);
    let histogram = this.seconds.get(method);
    if (histogram === undefined) {
      histogram = new Histogram(bounds);
      this.seconds.set(method, histogram);
    }
    histogram.observe(seconds);
  }
}

/** Counts each request with its answer and the time that it took. */
export function metered(transport: Transport, requests: Requests, clock: Clock): Transport {
  return async (request, signal) => {
    const { method } = request;
    const began = clock.now();
    const count = (code: string): void => requests.count(method, code, (clock.now() - began) / 1000);
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
