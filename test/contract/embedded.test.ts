import type { Clock } from '../../src/client/transport.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { serve } from '../../src/embedded/server.ts';
import { contract } from './contract.ts';
import type { Server } from './http.ts';

/** Five times as fast as real time: quick, but still slow enough for a busy machine. */
const fast: Clock = {
  now: () => performance.now() * 5,
  wall: () => Date.now(),
  after(milliseconds, then) {
    const timer = setTimeout(then, milliseconds / 5);
    return () => clearTimeout(timer);
  },
};

async function connect(): Promise<Server> {
  const api = createEmbeddedApi({ clock: fast, random: Math.random });
  const server = await serve(api.transport);
  return { url: server.url, needsNamespaces: false, close: server.close };
}

contract('the embedded API', connect);
