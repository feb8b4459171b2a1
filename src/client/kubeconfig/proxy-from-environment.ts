import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server in HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY lists the server, with the rules of Go's programs
 * (golang.org/x/net/http/httpproxy): a domain includes its subdomains, an entry can be a CIDR block or have a port, and this
 * machine is never reached through a proxy.
 */
export function proxyFromEnvironment(server: URL, env: Environment): string | undefined {
  const [upper, lower] =
    server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const proxy = read(env, upper, lower);
  if (proxy === '' || isDirect(server, read(env, 'NO_PROXY', 'no_proxy'))) return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
  // Its value may contain a password.
  if (url === null)
    throw new Error(`${upper} is not a URL. Set it to a URL such as http://proxy.example.com:3128`);
  return url.href;
}

function read(env: Environment, upper: string, lower: string): string {
  return env[upper] || env[lower] || '';
}

function isDirect(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return contains(entry, host);
  const [, name = entry, entryPort = port] = /^(.*[^:]):(\d+)$/.exec(isIP(entry) === 0 ? entry : '') ?? [];
  if (entryPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return contains(bare, host);
  const domain = bare.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Whether the address is, or the block contains, the host. */
function contains(block: string, host: string): boolean {
  const [network = '', prefix] = block.split('/');
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(host, type);
}

function isLoopback(host: string): boolean {
  return contains('127.0.0.0/8', host) || contains('::1', host);
}
