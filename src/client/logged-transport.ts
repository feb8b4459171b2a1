import { errorText } from './errors.ts';
import type { Log, LogFields } from './log.ts';
import type { Clock, Transport } from './transport.ts';

/** Logs the method, path, status and duration of each request, but not its headers or bodies. */
export function logged(transport: Transport, log: Log, clock: Clock): Transport {
  return async (request, signal) => {
    const { method, path } = request;
    const startedAt = clock.now();
    const fields = (): LogFields => ({ method, path, ms: Math.round(clock.now() - startedAt) });
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
