import type { Agent, RequestOptions } from 'node:https';
import { checkServerIdentity, getCACertificates, type PeerCertificate } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { type Connection, hostOf, type TlsCredentials } from '../cluster-connection.ts';

/**
 * The options of a request, with the agent that the kubeconfig library prepares for a proxy. A new one for each set of
 * credentials: the library keeps an agent for the same user, with the certificate that the user had at first.
 */
export async function requestOptions(
  { server, servername, insecure, proxyUrl }: Connection,
  { ca, cert, key }: TlsCredentials,
): Promise<RequestOptions> {
  const isSecure = server.startsWith('https:');
  const name = 'connection';
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name,
        server,
        // The library refuses plain HTTP otherwise.
        skipTLSVerify: insecure === true || !isSecure,
        ...(isSecure ? { caData: base64(ca ?? systemAuthorities()) } : {}),
        ...(servername === undefined ? {} : { tlsServerName: servername }),
        ...(proxyUrl === undefined ? {} : { proxyUrl: resolvedByProxy(proxyUrl) }),
      },
    ],
    users: [
      {
        name,
        ...(cert === undefined ? {} : { certData: base64(cert) }),
        ...(key === undefined ? {} : { keyData: base64(key) }),
      },
    ],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // The library leaves it to the environment.
  options.rejectUnauthorized = insecure !== true;
  // Over SOCKS, Node would compare the certificate of a server without a name with the name of the proxy, or with localhost.
  const expected = servername ?? hostOf(new URL(server));
  const agent = agentOf(options);
  // Set on each request instead, it would prevent the reuse of connections.
  agent.options.checkServerIdentity = (_: string, certificate: PeerCertificate) =>
    checkServerIdentity(expected, certificate);
  Object.assign(agent, { keepAlive: true });
  return options;
}

/**
 * Throws for a scheme that Go's programs don't support either. For them, socks5 is what others call socks5h: the proxy
 * resolves the name of the server, which may be unknown here.
 */
function resolvedByProxy(proxyUrl: string): string {
  if (!/^(?:https?|socks5h?):\/\//i.test(proxyUrl) || !URL.canParse(proxyUrl)) {
    const shown = proxyUrl.replace(/\/\/[^/]*@/, '//...@');
    throw new Error(`the proxy must be an http, https, or socks5 URL: ${shown}`);
  }
  return proxyUrl.replace(/^socks5:/i, 'socks5h:');
}

/** As kubectl, trusts the authorities of the system if the kubeconfig names none; those of Node, too. */
function systemAuthorities(): string {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])].join('\n');
}

function base64(pem: string | Buffer): string {
  return Buffer.from(pem).toString('base64');
}

/** The library always prepares an agent. Those for plain HTTP have options, too. */
export function agentOf({ agent }: RequestOptions): Agent {
  if (typeof agent !== 'object') throw new Error('unreachable: the options have no agent');
  return agent as Agent;
}
