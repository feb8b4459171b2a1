import { errorText } from './errors.ts';
import type { Log, LogFields } from './log.ts';
import type { Clock, Transport } from './transport.ts';

/** Says of each request what was asked, how it was answered and after how long; never its headers or bodies. */
export function logged(transport: Transport, log: Log, clock: Clock): Transport {
  return async (request, signal) => {
    const { method, path } = request;
    const began = clock.now();
    const fields = (): LogFields => ({ method, path, ms: Math.round(clock.now() - began) });
    try {
      const response = await transport(request, signal);
      log.info('request', { ...fields(), status: response.status });
      return response;
    } catch (error) {
      log.info('request', { ...fields(), error: errorText(error) });
      throw error;
    }
  };
}
