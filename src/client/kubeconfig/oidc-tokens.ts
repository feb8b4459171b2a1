import { readFile } from 'node:fs/promises';
import type { Clock, HttpRequest } from '../transport.ts';
import { createHttpsTransport } from './https-transport.ts';
import type { KubeconfigUser } from './kubeconfig-files.ts';
import { proxyFromEnvironment } from './proxy-from-environment.ts';
import { storeTokens } from './store-tokens.ts';

/** A token that expires so soon is refreshed (client-go's expiryDelta). */
const EXPIRY_MARGIN_MS = 10_000;
const TIMEOUT_MS = 30_000;

type Json = Readonly<Record<string, unknown>>;

/**
 * The tokens of `auth-provider: {name: oidc}`, with the rules of client-go. New ones are stored in the kubeconfig, because
 * many identity providers accept a refresh token only once: kubectl could not log in with the old one. The library sends no
 * client secret, and forgets the refresh token if the provider returns none.
 */
export class OidcTokens {
  readonly #user: KubeconfigUser;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #clock: Clock;
  #config: Readonly<Record<string, string>>;

  constructor(user: KubeconfigUser, env: Readonly<Record<string, string | undefined>>, clock: Clock) {
    this.#user = user;
    this.#env = env;
    this.#clock = clock;
    this.#config = user.authProvider?.config ?? {};
  }

  /** A token that is valid now. Not to be called again before it has resolved. */
  async idToken(): Promise<string> {
    const { 'id-token': token = '' } = this.#config;
    if (token !== '' && expiryOf(token) - EXPIRY_MARGIN_MS > this.#clock.wall()) return token;
    return this.#refresh();
  }

  async #refresh(): Promise<string> {
    const { 'refresh-token': refreshToken = '', 'idp-issuer-url': issuer = '' } = this.#config;
    if (refreshToken === '' || issuer === '')
      throw new Error(
        'its ID token has expired, and it has no refresh-token and idp-issuer-url. Log in again',
      );
    const endpoint = await this.#tokenEndpoint(issuer);
    const response = await this.#requestToken(endpoint, refreshToken);
    const { id_token: idToken, refresh_token: next } = response;
    if (typeof idToken !== 'string')
      throw new Error('the identity provider returned no ID token. Log in again with the scope openid');
    const tokens = {
      'id-token': idToken,
      'refresh-token': typeof next === 'string' && next !== '' ? next : refreshToken,
    };
    this.#config = { ...this.#config, ...tokens };
    if (this.#user.oidcFile !== undefined) await storeTokens(this.#user.oidcFile, this.#user.name, tokens);
    return idToken;
  }

  async #tokenEndpoint(issuer: string): Promise<URL> {
    const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { token_endpoint: endpoint } = await this.#send(url, { method: 'GET', headers: {} });
    const parsed = typeof endpoint === 'string' ? URL.parse(endpoint) : null;
    if (parsed === null) throw new Error(`${url.href} names no token_endpoint`);
    return parsed;
  }

  /** Some providers read the client's secret only from a header, others only from the form (golang.org/x/oauth2 tries both). */
  async #requestToken(endpoint: URL, refreshToken: string): Promise<Json> {
    const { 'client-id': id = '', 'client-secret': secret = '' } = this.#config;
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const send = (form: Record<string, string>, headers: Record<string, string>): Promise<Json> =>
      this.#send(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(form).toString(),
      });
    const inForm = { ...grant, client_id: id, ...(secret === '' ? {} : { client_secret: secret }) };
    if (secret === '') return send(inForm, {});
    const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
    try {
      return await send(grant, { authorization: `Basic ${basic}` });
    } catch (error) {
      if (!(error instanceof RejectedRequest)) throw error;
      return send(inForm, {});
    }
  }

  async #send(url: URL, request: Omit<HttpRequest, 'path'>): Promise<Json> {
    const proxyUrl = proxyFromEnvironment(url, this.#env);
    const ca = await this.#authority();
    const transport = createHttpsTransport(
      {
        server: url.origin,
        ...(ca === undefined ? {} : { ca }),
        ...(proxyUrl === undefined ? {} : { proxyUrl }),
      },
      this.#clock,
    );
    const timeout = new AbortController();
    const cancel = this.#clock.after(TIMEOUT_MS, () =>
      timeout.abort(new Error(`${url.origin} did not answer within ${TIMEOUT_MS / 1000} s`)),
    );
    try {
      const path = url.pathname + url.search;
      const headers = { accept: 'application/json', ...request.headers };
      const { status, body } = await transport({ ...request, headers, path }, timeout.signal);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const answer = parsed(Buffer.concat(chunks).toString('utf8'));
      if (status !== 200) throw new RejectedRequest(url, status, answer);
      return answer;
    } finally {
      cancel();
      transport.close();
    }
  }

  async #authority(): Promise<string | Buffer | undefined> {
    const { 'idp-certificate-authority-data': data = '', 'idp-certificate-authority': file = '' } =
      this.#config;
    if (data !== '') return Buffer.from(data, 'base64');
    return file === '' ? undefined : readFile(file);
  }
}

class RejectedRequest extends Error {
  constructor(url: URL, status: number, { error, error_description: description }: Json) {
    const reason = [error, description].filter((text) => typeof text === 'string').join(': ');
    super(
      `${url.origin}${url.pathname} answered ${status}${reason === '' ? '' : ` (${reason})`}. Log in again`,
    );
  }
}

/** Its text may contain a token, so a message never quotes it. */
function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
}

/** Milliseconds since 1970; 0 if the token is not a JWT. */
function expiryOf(token: string): number {
  const { exp } = parsed(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof exp === 'number' ? exp * 1000 : 0;
}
