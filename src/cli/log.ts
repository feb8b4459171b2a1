import type { Log } from '../kube/log.ts';
import type { Clock } from '../kube/transport.ts';

/** One JSON object a line, with stable fields: `time`, `level`, `msg`, then those of the message. */
export function createLog(write: (line: string) => void, clock: Clock): Log {
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      const time = new Date(clock.wall()).toISOString();
      write(`${JSON.stringify({ time, level, msg: message, ...fields })}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
